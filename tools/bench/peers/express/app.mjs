import { Agent } from 'node:http';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { create } from 'axios';
import express from 'express';
import { isKnown, origin } from '../key.mjs';

// A common stack: express, axios with persistent connections, and the SDK for one secret, which is read once.

const secretsManager = new SecretsManagerClient();
const budgea = create({
  baseURL: origin,
  httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }),
  validateStatus: () => true,
});
let token;

/** Checks a key, signs and forwards with axios. */
export const app = express();

app.use(express.json());
app.all('/2.0/*path', async ({ method, path, headers }, response) => {
  if (!isKnown(headers.authorization)) return response.status(401).json({ code: 'invalidClient' });
  token ??= readToken();
  const authorization = `Bearer ${await token}`;
  const { status, data } = await budgea.request({ method, url: path, headers: { authorization } });
  return response.status(status).json(data);
});

async function readToken() {
  const command = new GetSecretValueCommand({ SecretId: process.env.SECRET_MANAGE_TOKEN });
  const { SecretString } = await secretsManager.send(command);
  return JSON.parse(SecretString).jwt_token;
}
