/** `completion`: a static script, made from the very commands and flags of program.ts. Nothing runs on each Tab. */
import type { Command } from 'commander'
import { catalogNames } from '../catalog.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { formats, gateFormats } from '../formats.ts'
import type { Host } from '../host.ts'

/** Reports and gates have formats of their own; the shell need not know which is whose. */
const everyFormat = [...new Set<string>([...formats, ...gateFormats])]

interface Word {
  readonly word: string
  readonly text: string
}

/** What may follow a command: its flags, and words that are not files. */
interface Choices extends Word {
  readonly flags: readonly Word[]
  readonly words: readonly string[]
}

export function completion(shell: string, program: Command, host: Host): ExitCode {
  const script = scripts[shell as keyof typeof scripts]
  if (!script)
    throw new UsageError(`no completion for "${shell}"`, `there is one for ${Object.keys(scripts).join(', ')}`)
  host.stdout.write(script(choicesOf(program, host)))
  return exit.answered
}

function choicesOf(program: Command, host: Host): readonly Choices[] {
  const words: Readonly<Record<string, readonly string[]>> = {
    list: catalogNames(host),
    completion: Object.keys(scripts),
  }
  return program.commands.map((command) => ({
    word: command.name(),
    text: firstSentence(command.description()),
    flags: [...command.options, ...program.options].map((option) => ({
      word: option.long ?? option.flags,
      text: firstSentence(option.description),
    })),
    words: words[command.name()] ?? [],
  }))
}

const firstSentence = (text: string): string => (text.split(/[:.(]/)[0] ?? '').trim()

const join = (words: readonly (string | Word)[]): string =>
  words.map((entry) => (typeof entry === 'string' ? entry : entry.word)).join(' ')

const scripts = { bash, zsh, fish }

function bash(commands: readonly Choices[]): string {
  const cases = commands.map(
    ({ word, flags, words }) => `    ${word}) flags='${join(flags)}' words='${join(words)}' ;;\n`,
  )
  return `# clusterwise completion for bash: source <(clusterwise completion bash)
_clusterwise() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} flags='' words=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${join(commands)} --help --version' -- "$word"))
    return
  fi
  if [[ $before == -f || $before == --format ]]; then
    COMPREPLY=($(compgen -W '${everyFormat.join(' ')}' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('')}  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags --help" -- "$word"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -F _clusterwise clusterwise
`
}

function zsh(commands: readonly Choices[]): string {
  const described = commands.map(({ word, text }) => `    '${word}:${quoted(text)}'\n`)
  const cases = commands.map(({ word, flags, words }) => {
    const rest = words.length > 0 ? `compadd -- ${join(words)}` : '_files'
    return `    ${word}) if [[ $PREFIX == -* ]]; then compadd -- ${join(flags)} --help; else ${rest}; fi ;;\n`
  })
  return `#compdef clusterwise
# clusterwise completion for zsh: source <(clusterwise completion zsh)
_clusterwise() {
  local -a commands=(
${described.join('')}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  if [[ $words[CURRENT-1] == (-f|--format) ]]; then
    compadd -- ${everyFormat.join(' ')}
    return
  fi
  case $words[2] in
${cases.join('')}  esac
}
compdef _clusterwise clusterwise
`
}

function fish(commands: readonly Choices[]): string {
  const lines = commands.flatMap(({ word, text, flags, words }) => {
    const here = `complete -c clusterwise -n '__fish_seen_subcommand_from ${word}'`
    return [
      `complete -c clusterwise -n __fish_use_subcommand -f -a ${word} -d '${quoted(text)}'`,
      ...flags.map((flag) => `${here} -l ${flag.word.replace(/^--/, '')} -d '${quoted(flag.text)}'`),
      ...(words.length > 0 ? [`${here} -f -a '${join(words)}'`] : []),
      ...(flags.some((flag) => flag.word === '--format') ? [`${here} -l format -x -a '${everyFormat.join(' ')}'`] : []),
    ]
  })
  return `# clusterwise completion for fish: clusterwise completion fish | source\n${lines.join('\n')}\n`
}

const quoted = (text: string): string => text.replace(/'/g, '')
