import { join } from 'node:path';
import { tableFullName } from '#lib/config/names.ts';
import { basePath } from '#lib/operations/table.ts';
import { eventOf, requestOf, type Call } from '../../calls.ts';
import { bundleFile, type BenchContext, type Part } from '../context.ts';
import { inTurns, spread, spreadOf, type Spread } from '../figures.ts';
import { bundlePeers } from '../peers.ts';
import { processFile, runProgram } from '../processes.ts';
import type { DirectRequest, Metering, MeteredRound } from '../processes/call-meter.ts';

const subjects = {
  forwarded: 'gateway: a token forwarded',
  signed: 'gateway: key checked, signed',
  'looked up': 'gateway: signed, owner looked up',
  undici: 'undici: key checked, signed',
  hono: 'hono + fetch: key checked, signed',
  fastify: 'fastify + http-proxy: key checked, signed',
  express: 'express + axios: key checked, signed',
} as const;

type Subject = keyof typeof subjects;

/** The processor time of a warm call, in microseconds. */
interface WarmFigures {
  name: Subject;
  /** The same requests by undici, in the same process. */
  direct: Spread;
  handler: Spread;
  /** The difference in the same round. */
  added: Spread;
}

/** The warm calls. */
export interface WarmResult {
  concurrency: number;
  figures: WarmFigures[];
}

const concurrency = 50;

/** Invokes each handler fifty at a time, in turns with the same requests by undici, and compares the processor time of both. */
export const warm: Part<WarmResult> = {
  title: 'Warm: fifty concurrent calls in one process, compared with the same requests by undici',
  async measure(context) {
    const effort = context.quick ? { rounds: 3, callsPerRound: 1000 } : { rounds: 6, callsPerRound: 1500 };
    const peers = await bundlePeers(join(context.folder, 'warm-peers'), ['undici', 'hono', 'fastify', 'express']);
    const prepared = (Object.keys(subjects) as Subject[]).map((name) => prepare(context, name, peers.get(name))); // It has only these keys.
    const sessions = context.quick ? 1 : 2;
    const metered = await inTurns('warm calls', prepared, sessions, context, async ({ metering, variables }) => {
      const args = [processFile('call-meter.ts'), JSON.stringify({ ...metering, ...effort, concurrency })];
      return runProgram<MeteredRound[]>({ args, variables, signal: context.signal });
    });
    return {
      concurrency,
      figures: prepared.map((subject) => {
        const rounds = (metered.get(subject) ?? []).flat();
        return {
          name: subject.name,
          direct: spreadOf(rounds.map(({ direct }) => direct)),
          handler: spreadOf(rounds.map(({ handler }) => handler)),
          added: spreadOf(rounds.map(({ direct, handler }) => handler - direct)),
        };
      }),
    };
  },
  table: ({ figures }) => [
    ['warm call, µs of the processor', 'undici', 'handler', 'difference'],
    ...figures.map(({ name, direct, handler, added }) => [
      subjects[name],
      ...[direct, handler, added].map((time) => spread(time, 0)),
    ]),
  ],
};

interface Prepared {
  name: Subject;
  metering: Pick<Metering, 'bundle' | 'functionName' | 'event' | 'direct'>;
  variables: Readonly<Record<string, string>>;
}

function prepare(context: BenchContext, name: Subject, peer: string | undefined): Prepared {
  const { calls, peerCall, peerVariables, variablesOf } = context;
  const functionName = name === 'forwarded' ? 'auth-token-code-get' : 'users-id-user-get';
  const call = name === 'signed' || peer !== undefined ? peerCall : calls[functionName];
  if (call === undefined) throw new Error(`no call for ${name}`);
  const direct = [upstreamRequest(context, call)];
  if (name === 'looked up') direct.unshift(tableRequest(context, call));
  return {
    name,
    metering: { bundle: peer ?? bundleFile(context, functionName), functionName, event: eventOf(call), direct },
    variables: peer === undefined ? variablesOf(functionName) : peerVariables,
  };
}

/** The gateway's request to Budgea. */
function upstreamRequest({ upstream }: BenchContext, call: Call): DirectRequest {
  return {
    origin: upstream,
    method: 'GET',
    path: basePath + requestOf(call).path,
    headers: {
      accept: 'application/json',
      'user-agent': 'budgea-auth-gateway',
      'x-request-id': '5c1f3a52-8a26-4a4c-9f0a-3a8f0a1f6f0d',
      authorization: `Bearer ${'m'.repeat(200)}`,
    },
  };
}

/** The read of the user's item, unsigned. */
function tableRequest({ aws }: BenchContext, { path }: Call): DirectRequest {
  return {
    origin: aws,
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.GetItem' },
    body: JSON.stringify({
      TableName: tableFullName('bench'),
      Key: { pk: { S: `USER#${path?.['id_user']}` } },
      ConsistentRead: true,
    }),
  };
}
