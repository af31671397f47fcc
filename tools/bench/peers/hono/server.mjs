import { serve } from '@hono/node-server';
import { printAddress } from '../serving.mjs';
import { app } from './app.mjs';

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => printAddress(port));
