import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Holds back the answer to a CreateTable until its table is active. Dynalite answers first, and a fast client's next call
 * then finds no table.
 */
export function answerWhenActive(request: IncomingMessage, response: ServerResponse): void {
  const url = `http://127.0.0.1:${request.socket.localPort}`;
  const { authorization = '' } = request.headers;
  const end = response.end.bind(response);
  const answer = (body: string) => {
    const send = () => end(body);
    untilActive(url, authorization, body).then(send, send);
    return response;
  };
  response.end = answer as typeof response.end; // Dynalite passes one string, always.
}

async function untilActive(url: string, authorization: string, answer: string): Promise<void> {
  const { TableDescription } = JSON.parse(answer) as { TableDescription?: { TableName: string } };
  if (TableDescription === undefined) return;
  while ((await tableStatus(url, authorization, TableDescription.TableName)) === 'CREATING');
}

async function tableStatus(url: string, authorization: string, TableName: string): Promise<string | undefined> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.DescribeTable',
      'x-amz-date': 'any',
      authorization,
    },
    body: JSON.stringify({ TableName }),
  });
  const { Table } = (await response.json()) as { Table?: { TableStatus: string } };
  return Table?.TableStatus;
}
