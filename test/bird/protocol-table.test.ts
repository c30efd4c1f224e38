import { describe, expect, it } from 'vitest';
import { readProtocols } from '../../src/bird/protocol-table.ts';
import { ReplyReader } from '../../src/bird/replies.ts';
import { startBird } from '../support/bird.ts';

/** Recorded from BIRD 1.6.8, the statistics shortened. */
const TABLE = `2002-name     proto    table    state  since       info
1002-device1  Device   master   up     00:50:59    
1006-  Preference:     240
   Routes:         0 imported, 0 exported, 0 preferred
 
1002-a_name_longer_than_its_column BGP      master   up     00:51:00    Established   
1006-  Description:    Last error: none
   Preference:     100
   Routes:         3 imported, 1 filtered, 2 exported, 1 preferred
   Route change stats:     received   rejected   filtered    ignored   accepted
     Import updates:              2          0          0          0          2
   BGP state:          Established
     Neighbor address: 10.0.0.2
     Neighbor AS:      64512
     Hold timer:       193/240
 
1002-refused  BGP      master   start  2026-11-22 00:51:02  Active        Socket: Connection refused
1006-  Preference:     100
   Routes:         2 imported, 0 exported, 1 preferred
   BGP state:          Active
     Neighbor address: fe80::2%eth0
     Neighbor AS:      64512
     Connect delay:    0/1
     Last error:       Socket: Connection refused
 
1002-disabled BGP      master   down   22-11-2026 00:51:02  
1006-  Preference:     100
   BGP state:          Down
     Neighbor address: 10.0.0.4
 
0000 
`;

describe('readProtocols', () => {
  const [reply] = new ReplyReader().push(TABLE);

  it('reads the same out of rows alone, but for addresses and routes', () => {
    const rows = reply!.lines.filter(({ code }) => code !== 1006);
    const withoutDetails = readProtocols(reply!).map((row) => ({
      ...row,
      neighborAddress: null,
      importedRoutes: null,
    }));
    expect(readProtocols({ ...reply!, lines: rows })).toEqual(withoutDetails);
  });

  it('reads rows and what belongs to them, in order', () => {
    const rows = readProtocols(reply!);
    const row = { lastError: null, neighborAddress: null, established: false, importedRoutes: null, info: '' };
    expect(rows).toEqual([
      { ...row, name: 'device1', type: 'Device', state: 'up', since: '00:50:59', importedRoutes: 0 },
      {
        ...row,
        name: 'a_name_longer_than_its_column',
        type: 'BGP',
        state: 'up',
        since: '00:51:00',
        info: 'Established',
        established: true,
        importedRoutes: 3,
        neighborAddress: '10.0.0.2',
      },
      {
        ...row,
        name: 'refused',
        type: 'BGP',
        state: 'start',
        since: '2026-11-22 00:51:02',
        info: 'Active        Socket: Connection refused',
        lastError: 'Socket: Connection refused',
        importedRoutes: 2,
        neighborAddress: 'fe80::2%eth0',
      },
      {
        ...row,
        name: 'disabled',
        type: 'BGP',
        state: 'down',
        since: '22-11-2026 00:51:02',
        neighborAddress: '10.0.0.4',
      },
    ]);
  });

  it.each(['iso short', 'iso long', 'old short', 'old long', '"at %s s"'])(
    'reads a table with times in %s',
    async (format) => {
      const bird = await startBird(
        `router id 10.0.0.1;\ntimeformat protocol ${format};\nprotocol device { }\nprotocol static nowhere { disabled; }\n`,
      );
      try {
        const rows = readProtocols(await bird.ask('show protocols all'));
        expect(rows.map(({ name, type, state }) => [name, type, state])).toEqual([
          ['device1', 'Device', 'up'],
          ['nowhere', 'Static', 'down'],
        ]);
      } finally {
        await bird.stop();
      }
    },
  );
});
