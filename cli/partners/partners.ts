import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { addClaim } from './claim.ts';
import { addCreate } from './create.ts';
import { addDisable } from './disable.ts';
import { addEnable } from './enable.ts';
import { addGrant } from './grant.ts';
import { addList } from './list.ts';
import { addRedirects } from './redirects.ts';
import { addRetireKey } from './retire-key.ts';
import { addRevoke } from './revoke.ts';
import { addRotateKey } from './rotate-key.ts';
import { addShow } from './show.ts';

/** `partners`: the applications that may call the gateway. */
export function addPartners(program: Command, session: Session): void {
  const partners = program.command('partners').description('the applications that may call the gateway');
  addCreate(partners, session);
  addList(partners, session);
  addShow(partners, session);
  addDisable(partners, session);
  addEnable(partners, session);
  addRotateKey(partners, session);
  addRetireKey(partners, session);
  addGrant(partners, session);
  addRevoke(partners, session);
  addRedirects(partners, session);
  addClaim(partners, session);
}
