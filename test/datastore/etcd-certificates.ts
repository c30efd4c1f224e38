import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EtcdTls } from '../support/etcd.ts';

const run = promisify(execFile);

/** Makes an authority, a server certificate for 127.0.0.1 and a client certificate in `dir`, with the openssl of this machine. */
export async function makeCertificates(dir: string): Promise<EtcdTls> {
  const at = (file: string) => join(dir, file);
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority');
  await writeFile(at('server.ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  await writeFile(at('client.ext'), 'extendedKeyUsage=clientAuth\n');
  for (const name of ['server', 'client']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
    await openssl('req', ...newKey, ...files, '-subj', `/CN=${name}`);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-out', `${name}.crt`, '-extfile', `${name}.ext`);
  }
  const [ca, cert, key] = await Promise.all(['ca.crt', 'client.crt', 'client.key'].map((file) => readFile(at(file))));
  return {
    server: { ca: at('ca.crt'), cert: at('server.crt'), key: at('server.key') },
    client: { ca: ca!, cert: cert!, key: key! },
  };
}
