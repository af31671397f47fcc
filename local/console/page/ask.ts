import type { Refused } from '../wire.ts';

/** Asks the stack; gives what it answers. Throws an Error whose message is for whoever looks. */
export async function ask<Answer>(path: string): Promise<Answer> {
  return answerOf<Answer>(fetch(`/_console/${path}`));
}

/** Asks the stack to do something. Throws an Error whose message is for whoever looks. */
export async function tell<Answer>(path: string, body: object = {}): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return answerOf<Answer>(fetch(`/_console/${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answerOf<Answer>(asked: Promise<Response>): Promise<Answer> {
  const answer = await asked.catch(() => {
    throw new Error('The stack does not answer. Is it still running?');
  });
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error((body as Refused).message);
  // What each path answers is told beside its type.
  return body as Answer;
}
