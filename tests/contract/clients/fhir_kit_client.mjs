// fhir-kit-client: posts a transaction to the base with a slash, and an operation without a body.

import { Client } from 'fhir-kit-client';
import { base, firstOf, given, refused, tell } from './telling.mjs';

const client = new Client({ baseUrl: base });
const Patient = { resourceType: 'Patient' };

tell('metadata', await client.capabilityStatement());

const visitor = await client.create({ ...Patient, body: given.visitor });
tell('created', visitor);
const { id } = visitor;
tell('read', await client.read({ ...Patient, id }));
tell('updated', await client.update({ ...Patient, id, body: { ...visitor, gender: 'female' } }));
tell('upserted', await client.update({
  ...Patient,
  searchParams: given['visitor-criteria'],
  body: { ...given.visitor, gender: 'other' },
}));
tell('first', await client.vread({ ...Patient, id, version: '1' }));

const resources = (bundle) => (bundle.entry ?? []).map((entry) => entry.resource);
tell('history', resources(await client.history({ ...Patient, id })));

const criteria = new URLSearchParams(given['known-criteria']).toString();
for (const step of ['once', 'twice']) {
  const options = { headers: { 'If-None-Exist': criteria } };
  tell(step, await client.create({ ...Patient, body: given.known, options }));
}
const search = async (resourceType, searchParams, options) =>
  resources(await client.search({ resourceType, searchParams, options }));
tell('found', await search('Patient', given['known-criteria'], { postSearch: true }));

const waiting = await client.transaction({ body: given.waiting });
tell('waiting', waiting);
const [, treated] = firstOf(waiting);
const assess = (how) => client.operation({ ...Patient, id: treated, name: 'assess-her2', ...how });
const plans = () => search('CarePlan', { subject: `Patient/${treated}`, status: 'draft' });
tell('pending', await assess());
tell('plan', await plans());
tell('amplified', await client.transaction({ body: given.amplified }));
tell('positive', await assess({ method: 'GET' }));
tell('plans', await plans());
const patient = `Patient/${treated}`;
tell('categories', await search('Observation', { patient, code: given['category-code'] }));

const paged = [];
const searched = (searchParams) => client.search({ resourceType: 'Observation', searchParams });
let bundle = await searched({ patient, _count: 1 });
while (bundle) {
  paged.push(...resources(bundle));
  bundle = await client.nextPage({ bundle });
}
tell('paged', paged);

tell('counted', (await searched({ patient, _summary: 'count' })).total);
const urls = [patient, `Observation?patient=${patient}`];
const entry = urls.map((url) => ({ request: { method: 'GET', url } }));
const batch = { resourceType: 'Bundle', type: 'batch', entry };
tell('batched', resources(await client.batch({ body: batch })));

const outcome = (error) => error.response.data;
await client.delete({ ...Patient, id });
tell('gone', await refused(() => client.read({ ...Patient, id }), outcome));
tell('refused', await refused(
  () => client.create({ resourceType: 'Observation', body: given.unreadable }),
  outcome,
));
