import { quoted } from '#lib/shell.ts';
import { commandFunction } from './command.ts';
import type { Level, Values, Words } from './words.ts';

/** The command `gateway` and its completion, for bash. */
export function bashScript(project: string, { levels, values }: Words): string {
  const paths = levels.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `${commandFunction(project)}

_gateway() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' skip='' words='' word i
  # bash takes --option=value apart.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip && $word != '=' ]]; then skip=''; continue; fi
    case $word in
      ${[...values.keys()].join('|')}) skip=1 ;;
      -*) ;;
      *)
        word="\${command:+$command }$word"
        case $word in ${paths.join('|')}) command=$word ;; esac
        ;;
    esac
  done
  case $prev in
${[...values].map(([option, possible]) => `    ${option}) ${reply(possible)}; return ;;`).join('\n')}
  esac
  case $command in
${levels.map((level) => `    ${quoted(level.path) || "''"}) words=${quoted(wordsAt(level))} ;;`).join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _gateway gateway
`;
}

function wordsAt({ words, options }: Level): string {
  return [...words, ...options].map(({ word }) => word).join(' ');
}

function reply(values: Values): string {
  switch (values) {
    case 'files':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")';
    case 'folders':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")';
    case 'anything':
      return 'COMPREPLY=()';
    default:
      return `mapfile -t COMPREPLY < <(compgen -W ${quoted(values.join(' '))} -- "$cur")`;
  }
}
