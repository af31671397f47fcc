import {
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import type { Credentials } from './identities.ts';

/** A queue that keeps what came to nothing. Each call throws the service's errors. */
export interface Queue {
  /** The first message, which stays; undefined when none comes within half a minute. */
  look(): Promise<Message | undefined>;
  purge(): Promise<void>;
  /** Sends a message as somebody. */
  send(credentials: Credentials, body: string, attributes: Readonly<Record<string, string>>): Promise<void>;
}

/** Opens a queue by its name. */
export async function openQueue(
  name: string,
  options: { endpoint: string; region: string; credentials: Credentials },
): Promise<Queue> {
  const client = new SQSClient(options);
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));

  return {
    async look() {
      for (let tries = 0; tries < 15; tries++) {
        const { Messages: [message] = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            WaitTimeSeconds: 2,
            VisibilityTimeout: 0,
            MessageAttributeNames: ['All'],
          }),
        );
        if (message !== undefined) return message;
      }
      return undefined;
    },

    purge: async () => void (await client.send(new PurgeQueueCommand({ QueueUrl }))),

    async send(credentials, MessageBody, attributes) {
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([key, StringValue]) => [key, { DataType: 'String', StringValue }]),
      );
      const sender = new SQSClient({ ...options, credentials });
      await sender.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
    },
  };
}
