import { printAddress } from '../serving.mjs';
import { app } from './app.mjs';

const server = app.listen(0, '127.0.0.1', () => printAddress(server.address().port));
