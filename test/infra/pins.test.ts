import { describe, expect, test } from 'vitest';
import { groupsOf, replaceable } from './pins.ts';
import { synthesizeAll, type Resource, type Synthesized } from './synthesized.ts';

describe.each(synthesizeAll())('a deployment of $name replaces nothing that is pinned:', (made) => {
  const found = pinsOf(made);
  const groups = groupsOf(made.settings);

  test.each(groups)('$what', ({ pins, why }) => {
    const missing = pins.filter((pin) => !found.includes(pin));
    expect(missing, `These are not in the templates. ${why}`).toEqual([]);
  });

  test('every resource is pinned that has a fixed name or a type that is not replaceable', () => {
    const pinned = new Set(groups.flatMap(({ pins }) => pins));
    const others = found.filter((pin) => !pinned.has(pin));
    expect(others, 'These are not in test/infra/pins.ts.').toEqual([]);
  });
});

/** Returns what has to be pinned of an environment's stacks, as `Group.pins` has it. */
function pinsOf(made: Synthesized): string[] {
  const { foundation, gateway, stage } = made;
  return Object.entries({ foundation, gateway }).flatMap(([stack, { Resources, Outputs = {} }]) =>
    [
      ['stack', stage[stack as 'foundation' | 'gateway'].stackName], // The object has these keys alone.
      ...Object.entries(Resources).flatMap(([id, resource]) => {
        const names = namesOf(resource);
        return names.length === 0 && replaceable.includes(resource.Type) ? [] : [[resource.Type, id, ...names]];
      }),
      ...Object.entries(Outputs).map(([id, { Export }]) => ['output', id, Export?.Name ?? '']),
    ].map((words) => forAnyEnvironment([stack, ...(made.readable(words) as string[])].join(' ').trim(), made)),
  );
}

/** The names that a resource has in AWS: `QueueName` of a queue, `RouteKey` of a route, and those of a table's indexes. */
function namesOf({ Type = '', Properties = {} }: Partial<Resource>): unknown[] {
  const kind = Type.split('::').at(-1) ?? '';
  const own = ['Name', `${kind}Name`, `${kind}Key`, kind].map((property) => Properties[property]);
  const indexes = (Properties['GlobalSecondaryIndexes'] ?? []) as { IndexName: string }[];
  return [...own, ...indexes.map(({ IndexName }) => IndexName)].filter((name) => name !== undefined);
}

function forAnyEnvironment(pin: string, { name, settings: { domain, region = 'Region' } }: Synthesized): string {
  return pin
    .replaceAll(new RegExp(String.raw`\b${name}(?=-gateway|/budgea/|/gateway/)`, 'g'), '<env>')
    .replace(new RegExp(`(?<=-operator-)${region}$`), '<region>')
    .replace(domain === undefined ? /$^/ : domain.name, '<domain>');
}
