// What is compared, as people know it.

/** Peers that are started as functions, by the folder of each. */
export const coldPeers = {
  floor: 'one secret, one call, bare node:http',
  undici: 'undici, one call',
  hono: 'hono, one call by fetch',
  fastify: 'fastify + http-proxy, one call',
  express: 'express + axios + SDK, one secret, one call',
} as const;

/** What is called while it is warm. */
export const warmSubjects = {
  forwarded: 'gateway: a token forwarded',
  signed: 'gateway: key checked, signed',
  'looked up': 'gateway: signed, owner looked up',
  undici: 'undici: key checked, signed',
  hono: 'hono + fetch: key checked, signed',
  fastify: 'fastify + http-proxy: key checked, signed',
  express: 'express + axios: key checked, signed',
} as const;

/** The servers under load. */
export const servers = {
  gateway: 'gateway',
  undici: 'node:http + undici',
  hono: 'hono + fetch',
  fastify: 'fastify + http-proxy',
  express: 'express + axios',
  nginx: 'nginx',
} as const;

/** One of those that are called warm. */
export type WarmSubject = keyof typeof warmSubjects;
/** One of the servers. */
export type ServerName = keyof typeof servers;
