import { createServer } from 'node:http';
import { Pool } from 'undici';
import { isKnown, origin, signature } from '../key.mjs';
import { printAddress } from '../serving.mjs';

const pool = new Pool(origin, { connections: 64 });

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(502).end());
});
server.listen(0, '127.0.0.1', () => printAddress(server.address().port));

async function answer({ method, url, headers }, response) {
  if (!isKnown(headers.authorization)) return response.writeHead(401).end();
  const { statusCode, body } = await pool.request({ method, path: url, headers: { authorization: signature } });
  return response.writeHead(statusCode, { 'content-type': 'application/json' }).end(await body.text());
}
