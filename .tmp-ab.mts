import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Lab, median } from './bench/lab.ts';
// variants: name=bundle:batched[:nodeopts]
const [rounds, seconds, mtuS, ...variants] = process.argv.slice(2);
const mtu = Number(mtuS);
const lab = new Lab();
const results = new Map<string, number[]>();
const inside = (host: any, ...command: string[]) => execFileSync('ip', ['netns', 'exec', host.namespace, ...command], { timeout: 90000 }).toString();
try {
  const [r, a, b, s] = ['10.99.1.1', '10.99.1.2', '10.99.1.3', '10.99.1.9'].map((x) => lab.host(x));
  lab.setMtu(mtu + 50);
  const server = lab.spawn(b, ['iperf3', '-s']);
  inside(r, 'ip', 'link', 'set', 'lo', 'up');
  const near = lab.spawn(r, ['iperf3', '-s', '-p', '5202']);
  await pause(500);
  for (let n = 0; n < Number(rounds); n++) {
    const order = n % 2 ? [...variants].reverse() : variants;
    for (const v of order) {
      const [name, spec] = v.split('=');
      let out: string;
      if (name === 'slirp') {
        const slirp = lab.spawn(r, ['slirp4netns', '--configure', `--mtu=${mtu}`, '--netns-type=path', `/run/netns/${s.namespace}`, 'tap0']);
        await pause(1500);
        out = inside(s, 'iperf3', '-c', '10.0.2.2', '-p', '5202', '-t', seconds, '-O', '1', '-J');
        lab.stop(slirp);
        await pause(300);
      } else {
        const [bundle, batched, opts] = spec.split(':');
        const child = spawn('ip', ['netns', 'exec', r.namespace, process.execPath, ...(opts ? opts.split(' ') : []), bundle, '--inside', `router ${batched} ${mtu} 10.99.1.1 10.99.1.2 10.99.1.3`], { stdio: ['ignore', 'pipe', 'inherit'] });
        await once(child.stdout, 'data');
        for (const [i, host] of [a, b].entries()) {
          inside(host, 'ip', 'link', 'add', 'vxb', 'type', 'vxlan', 'id', '1', 'local', host.address, 'remote', '10.99.1.1', 'dstport', '4789', 'dev', 'eth0');
          inside(host, 'ip', 'link', 'set', 'vxb', 'mtu', String(mtu), 'up');
          inside(host, 'python3', './test/interop/support/checksums.py', 'vxb');
          inside(host, 'ip', 'address', 'add', `10.0.${i + 1}.${i + 10}/24`, 'dev', 'vxb');
          inside(host, 'ip', 'route', 'add', `10.0.${2 - i}.0/24`, 'via', `10.0.${i + 1}.1`);
        }
        const cpu = () => { const f = readFileSync(`/proc/${child.pid}/stat`, 'utf8'); const x = f.slice(f.lastIndexOf(')') + 2).split(' '); return [Number(x[11]), Number(x[12])]; };
        let perf: any;
        if (process.env.PERF) perf = spawn('perf', ['record', '-e', 'cpu-clock', '-F', '999', ...(process.env.PERF === 'all' ? ['-a'] : ['-p', String(child.pid)]), '-g', '-o', `/tmp/h/wire10/perf-${name}.data`, '--', 'sleep', seconds], { stdio: 'ignore' });
        if (process.env.STRACE) perf = spawn('timeout', ['-s', 'INT', '3', 'strace', '-c', '-f', '-o', `/tmp/h/wire10/strace-${name}.txt`, '-p', String(child.pid)], { stdio: 'ignore' });
        const c0 = cpu();
        out = inside(a, 'iperf3', '-c', '10.0.2.11', '-t', seconds, '-O', '1', '-J');
        const c1 = cpu();
        if (perf && perf.exitCode === null) await once(perf, 'exit');
        if (process.env.SHOWCPU) console.log(`   ${name}: user ${c1[0] - c0[0]} sys ${c1[1] - c0[1]} ticks`);
        for (const host of [a, b]) inside(host, 'ip', 'link', 'delete', 'vxb');
        child.kill(opts ? 'SIGINT' : 'SIGTERM');
        await once(child, 'exit');
      }
      const { end } = JSON.parse(out);
      const rate = end.sum_received.bits_per_second / 1e6;
      results.set(name, [...(results.get(name) ?? []), rate]);
      console.log(`${n} ${name}: ${rate.toFixed(0)} Mb/s, retr ${end.sum_sent.retransmits}, snd cpu ${end.cpu_utilization_percent?.host_total?.toFixed(0)} rcv ${end.cpu_utilization_percent?.remote_total?.toFixed(0)}`);
    }
  }
} finally { lab.dispose(); }
for (const [name, all] of results) console.log(`${name}: median ${median(all).toFixed(0)}  [${all.map((x) => x.toFixed(0)).join(' ')}]`);
