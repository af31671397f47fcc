import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '#infra/bundle.ts';
import { tableFullName } from '#lib/config/names.ts';
import { warmSubjects, type WarmSubject } from '../names.ts';
import { bundlePeers } from '../peers.ts';
import { runProgram } from '../programs.ts';
import { spreadOf, type Spread } from '../spread.ts';
import { eventOf, pathOf, type Call } from '../surroundings/calls.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import { byTurns, type Going } from '../turns.ts';
import type { DirectRequest, Metering, MeteredRound } from './meter.ts';

/** What a warm call takes of the processor, in microseconds. */
interface WarmFigures {
  name: WarmSubject;
  /** The same requests by undici alone, in the same process. */
  direct: Spread;
  handler: Spread;
  /** What the handler takes beyond that, in the same round. */
  added: Spread;
}

/** What warm calls take. */
export interface WarmResult {
  concurrency: number;
  figures: WarmFigures[];
}

/** How often, and how many at once. */
export interface WarmEffort {
  /** Processes for each subject. */
  sessions: number;
  /** Rounds in each of those, after two that are not counted. */
  rounds: number;
  callsPerRound: number;
}

const concurrency = 50;
const meter = fileURLToPath(new URL('meter.ts', import.meta.url));

/** Calls each handler fifty at a time, by turns with undici that makes the same requests, and compares what the processor did for both. */
export async function measureWarm(
  folder: string,
  bundles: readonly Bundle[],
  surroundings: Surroundings,
  { sessions, rounds, callsPerRound }: WarmEffort,
  going: Going,
): Promise<WarmResult> {
  const peers = await bundlePeers(join(folder, 'warm-peers'), ['undici', 'hono', 'fastify', 'express']);
  const subjects = (Object.keys(warmSubjects) as WarmSubject[]).map(prepare); // It has these keys alone.
  const metered = await byTurns('warm calls', subjects, sessions, going, ({ metering, variables }) =>
    meterOnce({ ...metering, rounds, callsPerRound, concurrency }, variables, going.signal),
  );
  return {
    concurrency,
    figures: subjects.map((subject) => {
      const all = (metered.get(subject) ?? []).flat();
      return {
        name: subject.name,
        direct: spreadOf(all.map(({ direct }) => direct)),
        handler: spreadOf(all.map(({ handler }) => handler)),
        added: spreadOf(all.map(({ direct, handler }) => handler - direct)),
      };
    }),
  };

  function prepare(name: WarmSubject): {
    name: WarmSubject;
    metering: Pick<Metering, 'bundle' | 'functionName' | 'event' | 'direct'>;
    variables: Record<string, string>;
  } {
    const { calls, peerCall, peerVariables, variablesOf } = surroundings;
    const peer = peers.get(name);
    const functionName = name === 'forwarded' ? 'auth-token-code-get' : 'users-id-user-get';
    const call = name === 'signed' || peer !== undefined ? peerCall : calls[functionName];
    const bundle = peer ?? bundles.find((each) => each.name === functionName)?.file;
    if (call === undefined || bundle === undefined) throw new Error(`there is nothing to call for ${name}`);
    const direct = [upstreamRequest(surroundings, call)];
    if (name === 'looked up') direct.unshift(tableRequest(surroundings));
    return {
      name,
      metering: { bundle, functionName, event: eventOf(call), direct },
      variables: peer === undefined ? variablesOf(functionName) : peerVariables,
    };
  }
}

async function meterOnce(
  metering: Metering,
  variables: Record<string, string>,
  signal: AbortSignal,
): Promise<MeteredRound[]> {
  // The meter prints them.
  return (await runProgram({ args: [meter, JSON.stringify(metering)], variables, signal })) as MeteredRound[];
}

/** With the headers that the gateway sends. */
function upstreamRequest({ upstream }: Surroundings, call: Call): DirectRequest {
  return {
    origin: upstream,
    method: 'GET',
    path: pathOf(call),
    headers: {
      accept: 'application/json',
      'user-agent': 'budgea-auth-gateway',
      'x-request-id': '5c1f3a52-8a26-4a4c-9f0a-3a8f0a1f6f0d',
      authorization: `Bearer ${'m'.repeat(200)}`,
    },
  };
}

/** A read of an item, unsigned. */
function tableRequest({ aws }: Surroundings): DirectRequest {
  return {
    origin: aws,
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.GetItem' },
    body: JSON.stringify({
      TableName: tableFullName('bench'),
      Key: { pk: { S: 'USER#1001' } },
      ConsistentRead: true,
    }),
  };
}
