// The lower limit of a gateway: one secret over HTTP and one signed call, without a library and without a check.
const { request } = process.getBuiltinModule('node:http');

const { AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets, BUDGEA_URL: budgea, SECRET_MANAGE_TOKEN: secretId } = process.env;

export const handler = async ({ rawPath }) => {
  const { SecretString } = await send('POST', secrets, JSON.stringify({ SecretId: secretId }), {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'secretsmanager.GetSecretValue',
  });
  const authorization = `Bearer ${JSON.parse(SecretString).jwt_token}`;
  const body = await send('GET', new URL(rawPath, budgea), undefined, { authorization });
  return { statusCode: 200, body: JSON.stringify(body) };
};

function send(method, url, body, headers) {
  return new Promise((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text))).on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}
