import { Pool } from 'undici';
import { isKnown, origin, signature } from '../key.mjs';

const pool = new Pool(origin, { connections: 64 });

export const handler = async ({ rawPath, headers, requestContext: { http } }) => {
  if (!isKnown(headers.authorization)) return { statusCode: 401 };
  const { statusCode, body } = await pool.request({
    method: http.method,
    path: rawPath,
    headers: { authorization: signature },
  });
  return { statusCode, headers: { 'content-type': 'application/json' }, body: await body.text() };
};
