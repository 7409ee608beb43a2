// @medplum/core: If-None-Exist with a bare `|`, and `X-Medplum` on everything.

import { MedplumClient } from '@medplum/core';
import { base, firstOf, given, refused, tell } from './telling.mjs';

const { origin, pathname } = new URL(base);
const options = { baseUrl: origin, fhirUrlPath: pathname, cacheTime: 0 };
const client = new MedplumClient(options);
// Bare, as Medplum's own documentation has it.
const query = (criteria) => `identifier=${criteria.identifier}`;

tell('metadata', await client.get(client.fhirUrl('metadata')));

const visitor = await client.createResource(given.visitor);
tell('created', visitor);
tell('read', await client.readResource('Patient', visitor.id));
tell('updated', await client.updateResource({ ...visitor, gender: 'female' }));
const other = { ...given.visitor, gender: 'other' };
tell('upserted', await client.upsertResource(other, given['visitor-criteria']));
tell('first', await client.readVersion('Patient', visitor.id, '1'));
const history = await client.readHistory('Patient', visitor.id);
tell('history', history.entry.map((entry) => entry.resource));

for (const step of ['once', 'twice']) {
  tell(step, await client.createResourceIfNoneExist(given.known, query(given['known-criteria'])));
}
const search = async (type, criteria) => [...(await client.searchResources(type, criteria))];
tell('found', await search('Patient', query(given['known-criteria'])));

const waiting = await client.executeBatch(given.waiting);
tell('waiting', waiting);
const [, treated] = firstOf(waiting);
const assess = client.fhirUrl('Patient', treated, '$assess-her2');
const plans = () => search('CarePlan', { subject: `Patient/${treated}`, status: 'draft' });
tell('pending', await client.post(assess, { resourceType: 'Parameters' }));
tell('plan', await plans());
tell('amplified', await client.executeBatch(given.amplified));
tell('positive', await client.get(assess));
tell('plans', await plans());
const patient = `Patient/${treated}`;
tell('categories', await search('Observation', { patient, code: given['category-code'] }));

const paged = [];
for await (const page of client.searchResourcePages('Observation', { patient, _count: '1' })) {
  paged.push(...page);
}
tell('paged', paged);

tell('counted', (await client.search('Observation', { patient, _summary: 'count' })).total);
// Reads that are asked for at once are sent as one batch.
const batching = new MedplumClient({ ...options, autoBatchTime: 10 });
tell('batched', await Promise.all([
  batching.readResource('Patient', treated),
  batching.search('Observation', { patient }),
]));

const outcome = (error) => error.outcome;
await client.deleteResource('Patient', visitor.id);
tell('gone', await refused(() => client.readResource('Patient', visitor.id), outcome));
tell('refused', await refused(() => client.createResource(given.unreadable), outcome));
