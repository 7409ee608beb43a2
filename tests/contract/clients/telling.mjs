// What the scripts share: the story comes in on standard input, and each step is told in one line.

import { text } from 'node:stream/consumers';

export const base = process.argv[2];
export const given = JSON.parse(await text(process.stdin));

export const tell = (step, said) => console.log(JSON.stringify([step, said]));

/** Type and id of the first resource that a transaction was about. */
export const firstOf = (response) => response.entry[0].response.location.split('/').slice(0, 2);

/** What `refusal` makes of the error of something that must fail. */
export async function refused(asked, refusal) {
  try {
    await asked();
  } catch (error) {
    return refusal(error);
  }
  throw new Error('this must be refused');
}
