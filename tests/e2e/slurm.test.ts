/**
 * The emitted array on a real Slurm: a controller and four nodes on loopback, without systemd and without root's own
 * daemons. Where it cannot be brought up the name of the test says so, and why.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repo } from '../support/host.ts'

const nodes = 4
const [controllerPort, nodePort] = [26817, 26821]

const reason = whyNot()
const when = reason === '' ? test : test.skip
const note = reason === '' ? '' : ` (not run: ${reason})`

function whyNot(): string {
  const missing = ['slurmctld', 'slurmd', 'munged', 'sbatch', 'runuser'].filter(
    (name) => spawnSync('which', [name]).status !== 0,
  )
  if (missing.length > 0) return `${missing.join(', ')} not installed; Debian: apt-get install slurm-wlm munge`
  if (process.getuid?.() !== 0) return 'slurmctld and slurmd are started as root here'
  return ''
}

const folder = reason === '' ? mkdtempSync(join(tmpdir(), 'clusterwise-slurm-')) : ''
const at = (...path: string[]) => join(folder, ...path)
const env = { ...process.env, SLURM_CONF: at('slurm.conf'), PATH: `${at('bin')}${delimiter}${process.env['PATH']}` }
const run = (command: string, args: readonly string[], cwd = at('work')) =>
  spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 120_000 })

const conf = (host: string): string => `ClusterName=sim
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${at('run/munge.socket')}
CredType=cred/munge
SlurmctldPort=${controllerPort}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool-%n')}
SlurmctldPidFile=${at('run/slurmctld.pid')}
SlurmdPidFile=${at('run/slurmd-%n.pid')}
SlurmctldLogFile=${at('log/slurmctld.log')}
SlurmdLogFile=${at('log/slurmd-%n.log')}
SlurmdParameters=config_overrides
SlurmdTimeout=10
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1,requeue_setup_env_fail
NodeName=gpu[1-${nodes}] NodeHostname=${host} NodeAddr=127.0.0.1 Port=[${nodePort}-${nodePort + nodes - 1}] CPUs=1 RealMemory=500 State=UNKNOWN
PartitionName=debug Nodes=gpu[1-${nodes}] Default=YES MaxTime=INFINITE State=UP
`

beforeAll(async () => {
  if (reason !== '') return
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: repo })
  for (const name of ['state', 'log', 'run', 'bin', 'work']) mkdirSync(at(name))
  for (let n = 1; n <= nodes; n++) mkdirSync(at(`spool-gpu${n}`))
  chmodSync(folder, 0o755)
  writeFileSync(
    at('bin/clusterwise'),
    `#!/bin/sh\nexec ${process.execPath} ${join(repo, 'bin/clusterwise.js')} "$@"\n`,
    { mode: 0o755 },
  )
  writeFileSync(at('key'), Buffer.from(Array.from({ length: 1024 }, () => Math.floor(Math.random() * 256))), {
    mode: 0o400,
  })
  writeFileSync(at('slurm.conf'), conf(hostname()))
  for (const path of ['key', 'run', 'log']) execFileSync('chown', ['munge', at(path)])
  start('runuser', [
    '-u',
    'munge',
    '--',
    '/usr/sbin/munged',
    `--key-file=${at('key')}`,
    `--socket=${at('run/munge.socket')}`,
    `--pid-file=${at('run/munged.pid')}`,
    `--log-file=${at('log/munged.log')}`,
    `--seed-file=${at('run/munged.seed')}`,
  ])
  start('slurmctld', ['-c'])
  for (let n = 1; n <= nodes; n++) start('slurmd', ['-N', `gpu${n}`])
  await until(() => idle() === nodes, 60)
}, 120_000)

function start(command: string, args: readonly string[]): void {
  const { status, stderr } = run(command, args)
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
}

const idle = (): number =>
  run('sinfo', ['-h', '-N', '-o', '%T'])
    .stdout.split('\n')
    .filter((state) => state.startsWith('idle')).length

async function until(holds: () => boolean, seconds: number): Promise<void> {
  for (let tries = 0; tries < seconds * 4; tries++) {
    if (holds()) return
    await setTimeout(250)
  }
  throw new Error(`not so after ${seconds} s\n${run('squeue', []).stdout}\n${run('sinfo', ['-N']).stdout}`)
}

/** Of our own daemons alone, by the ids that they wrote down. They write their last lines while they end. */
afterAll(async () => {
  if (reason !== '') return
  const pids = readdirSync(at('run'))
    .filter((name) => name.endsWith('.pid'))
    .map((name) => Number(readFileSync(at('run', name), 'utf8')))
  for (const pid of pids) kill(pid, 'SIGTERM')
  for (let tries = 0; tries < 100 && pids.some(lives); tries++) await setTimeout(200)
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

const scenario = join(repo, 'scenarios/examples/llama3-8b-fsdp-h100-64.yaml')
const varied = ['--vary', 'cluster.gpus=8..64*2', '--vary', 'training.micro_batch=1,2', '--root', '/']

function send(table: string, shards: number): void {
  const { status, stdout, stderr } = run('clusterwise', [
    'sweep',
    scenario,
    ...varied,
    '--emit',
    'slurm',
    '--shards',
    String(shards),
    '-o',
    table,
  ])
  if (status !== 0) throw new Error(stderr)
  writeFileSync(at('work/job.sh'), stdout)
  const sent = run('sh', ['job.sh'])
  if (sent.status !== 0) throw new Error(sent.stderr)
}

const queued = (): number =>
  run('squeue', ['-h', '-r'])
    .stdout.split('\n')
    .filter((line) => line.trim() !== '').length

when(
  `Slurm runs the emitted array and merges it into the same table${note}`,
  async () => {
    const whole = run('clusterwise', ['sweep', scenario, ...varied, '-q', '-o', 'whole.csv'])
    expect(whole.status, whole.stderr).toBe(0)
    send('sweep.csv', 4)
    await until(() => queued() === 0 && existsSync(at('work/sweep.csv')), 120)
    expect(readFileSync(at('work/sweep.csv'), 'utf8')).toBe(readFileSync(at('work/whole.csv'), 'utf8'))
  },
  240_000,
)

when(
  `a task of a killed node is requeued, and nothing is lost${note}`,
  async () => {
    // The task waits for a sign, so that it is running for certain when its node dies.
    const real = readFileSync(at('bin/clusterwise'), 'utf8')
    const gate = at('work/open')
    writeFileSync(
      at('bin/clusterwise'),
      real.replace(
        '#!/bin/sh\n',
        `#!/bin/sh\ncase "$*" in *"--shard "*) echo $$ > ${at('work')}/pid-$SLURM_ARRAY_TASK_ID; while [ ! -e ${gate} ]; do sleep 0.2; done;; esac\n`,
      ),
      { mode: 0o755 },
    )
    send('again.csv', 2)
    await until(() => existsSync(at('work/pid-1')) && existsSync(at('work/pid-2')), 60)
    const [node = ''] = run('squeue', ['-h', '-r', '-o', '%N', '-t', 'R']).stdout.split('\n')
    expect(node).toMatch(/^gpu\d$/)
    const lost = run('squeue', ['-h', '-r', '-o', '%K', '-w', node, '-t', 'R']).stdout.trim()
    const daemon = Number(readFileSync(at(`run/slurmd-${node}.pid`), 'utf8'))
    const task = Number(readFileSync(at(`work/pid-${lost}`), 'utf8'))
    kill(daemon, 'SIGKILL')
    kill(task, 'SIGKILL')
    await until(() => run('sinfo', ['-h', '-N', '-n', node, '-o', '%T']).stdout.startsWith('down'), 120)
    appendFileSync(gate, '')
    // A requeued task waits two minutes by Slurm's own rule; we do not.
    await until(() => run('squeue', ['-h', '-r', '-t', 'PD', '-o', '%K']).stdout.includes(lost), 60)
    const requeued = run('squeue', ['-h', '-r', '-t', 'PD', '-o', '%i %K'])
      .stdout.split('\n')
      .find((line) => line.endsWith(` ${lost}`))
    run('scontrol', ['update', `JobId=${requeued?.split(' ')[0]}`, 'StartTime=now'])
    await until(() => queued() === 0 && existsSync(at('work/again.csv')), 240)
    expect(readFileSync(at('work/again.csv'), 'utf8')).toBe(readFileSync(at('work/whole.csv'), 'utf8'))
  },
  480_000,
)
