/** Writes through the v2 API of a test's etcd, as calicoctl of that time and people with curl did. */
export class EtcdV2Keys {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(endpoint: string, login?: { readonly user: string; readonly password: string }) {
    this.#base = endpoint;
    const token = login && Buffer.from(`${login.user}:${login.password}`).toString('base64');
    this.#headers = token ? { authorization: `Basic ${token}` } : {};
  }

  put(key: string, value: string | Buffer): Promise<void> {
    const text = typeof value === 'string' ? encodeURIComponent(value) : escaped(value);
    return this.#send('PUT', key, '', `value=${text}`);
  }

  async putAll(values: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(values)) await this.put(key, value);
  }

  makeDirectory(key: string): Promise<void> {
    return this.#send('PUT', key, '', 'dir=true');
  }

  /** A key, or a directory with all that is in it. */
  delete(key: string): Promise<void> {
    return this.#send('DELETE', key, '?recursive=true&dir=true');
  }

  /** Any other part of the API, below /v2. */
  async api(method: string, path: string, body: unknown): Promise<void> {
    const headers = { ...this.#headers, 'content-type': 'application/json' };
    const answer = await fetch(`${this.#base}/v2${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }

  async #send(method: string, key: string, query: string, form?: string): Promise<void> {
    const path = key.split('/').map(encodeURIComponent).join('/');
    const headers = { ...this.#headers, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${this.#base}/v2/keys${path}${query}`, {
      method,
      headers,
      ...(form && { body: form }),
    });
    const text = await answer.text();
    if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${key}: ${answer.status} ${text}`);
  }
}

const escaped = (bytes: Buffer): string => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
