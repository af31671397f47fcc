import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { isKnown, origin, signature } from '../key.mjs';

/** Hono with its proxy helper, which uses Node's fetch. */
export const app = new Hono();

app.use(async (context, next) => {
  if (!isKnown(context.req.header('authorization'))) return context.json({ code: 'invalidClient' }, 401);
  return next();
});
app.all('/2.0/*', ({ req }) =>
  proxy(origin + req.path, { method: req.method, headers: { accept: 'application/json', authorization: signature } }),
);
