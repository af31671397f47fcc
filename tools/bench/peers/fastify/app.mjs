import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';
import { isKnown, origin, signature } from '../key.mjs';

/** Fastify with its proxy plugin, which uses undici. */
export const app = Fastify();

app.register(proxy, {
  upstream: origin,
  prefix: '/2.0',
  rewritePrefix: '/2.0',
  undici: { connections: 64, pipelining: 1 },
  preHandler({ headers }, reply, done) {
    if (isKnown(headers.authorization)) done();
    else reply.code(401).send({ code: 'invalidClient' });
  },
  replyOptions: { rewriteRequestHeaders: () => ({ accept: 'application/json', authorization: signature }) },
});
