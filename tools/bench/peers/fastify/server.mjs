import { printAddress } from '../serving.mjs';
import { app } from './app.mjs';

await app.listen({ host: '127.0.0.1', port: 0 });
printAddress(app.server.address().port);
