import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { BuiltImage } from './built-image.ts';

/** The run scripts of calico/node (spec calico-v3, 8.1), which runs everything as root. `calico` is the stand-in below. */
const RUN: Readonly<Record<string, string>> = {
  bird: 'exec 2>&1\nexec bird -R -s /var/run/calico/bird.ctl -d -c /etc/calico/confd/config/bird.cfg',
  bird6: 'exec 2>&1\nexec bird6 -R -s /var/run/calico/bird6.ctl -d -c /etc/calico/confd/config/bird6.cfg',
  confd: 'exec 2>&1\nexec calico component confd',
  felix: 'exec sleep infinity',
};

const START_RUNIT = `
env > /etc/envvars
/etc/rc.local || exit
export NODENAME=$(cat /var/lib/calico/nodename)
exec runsvdir -P /etc/service/enabled`;

const RC_LOCAL = `
echo "$NODENAME" > /var/lib/calico/nodename
mkdir -p /etc/service/enabled
cp -a /etc/service/available/felix /etc/service/enabled/
case $CALICO_NETWORKING_BACKEND in none | vxlan) exit 0 ;; esac
for service in bird bird6 confd; do cp -a /etc/service/available/$service /etc/service/enabled/; done
[ "$CALICO_DISABLE_FILE_LOGGING" = true ] && rm -rf /etc/service/enabled/*/log
exit 0`;

/** What confd comes to on a node whose data do not change: its six files, BIRD told of those that it wrote, and then a long wait. */
const CALICO = `
[ "$*" = "component confd" ] || exit 64
cd /etc/calico/confd/config
for file in /usr/share/confd-output/*; do
  cmp -s "$file" "\${file##*/}" && continue
  cp "$file" ".\${file##*/}.new" && mv ".\${file##*/}.new" "\${file##*/}"
  changed=yes
done
[ -z "$changed" ] || { sv hup bird || true; sv hup bird6 || true; }
exec sleep infinity`;

/**
 * A root file system laid out like calico/node's: its services and paths, Debian's BIRD and runit, no Node; confd leaves the files in
 * `confdOutput`. It is a layer over the image's, from which everything of ours is gone. Resolves with the image that it makes.
 */
export async function calicoNodeImage(image: BuiltImage, dir: string, confdOutput: string): Promise<BuiltImage> {
  const layer = join(dir, 'calico-node');
  const script = async (path: string, text: string) => {
    await mkdir(dirname(join(layer, path)), { recursive: true });
    await writeFile(join(layer, path), `#!/bin/sh\n${text.trim()}\n`);
    await chmod(join(layer, path), 0o755);
  };
  for (const [name, text] of Object.entries(RUN)) await script(`etc/service/available/${name}/run`, text);
  for (const name of Object.keys(RUN)) {
    const log = `exec svlogd -tt /var/log/calico/${name}`;
    await script(`etc/service/available/${name}/log/run`, `mkdir -p /var/log/calico/${name}\n${log}`);
  }
  await script('sbin/start_runit', START_RUNIT);
  await script('etc/rc.local', RC_LOCAL);
  await script('usr/bin/calico', CALICO);
  for (const path of ['etc/calico/confd/config', 'var/lib/calico']) await mkdir(join(layer, path), { recursive: true });
  await cp(confdOutput, join(layer, 'usr/share/confd-output'), { recursive: true });
  await mkdir(join(layer, 'usr/local/bin'), { recursive: true });
  await mkdir(join(layer, 'opt'), { recursive: true });
  // A whiteout of overlayfs hides what the image has there.
  const ours = ['bird/control', 'bird6/control'].map((path) => `etc/service/available/${path}`);
  for (const path of [...ours, 'opt/birdconfd', 'usr/local/bin/birdconfd'])
    await promisify(execFile)('mknod', [join(layer, path), 'c', '0', '0']);
  const config = { ...image.config, Env: image.config.Env.filter((each) => !each.startsWith('BIRDCONFD_')) };
  return { ...image, root: `${layer}:${image.root}`, config };
}
