import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { datastoreContract } from './contract.ts';

datastoreContract('memory', async () => {
  const store = new MemoryDatastore();
  return {
    store,
    put: (key, value) => store.put(key, value),
    delete: (key) => store.delete(key),
    stop: () => undefined,
  };
});
