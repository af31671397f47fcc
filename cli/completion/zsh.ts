import { quoted } from '#lib/shell.ts';
import { commandFunction } from './command.ts';
import type { Level, Values, Word, Words } from './words.ts';

/** The command `gateway` and its completion, for zsh. */
export function zshScript(project: string, { levels, values }: Words): string {
  const paths = levels.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `${commandFunction(project)}

_gateway() {
  local command='' skip='' word prev=\${words[CURRENT-1]}
  local -a entries options
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      (${[...values.keys()].join('|')}) skip=1 ;;
      (-*) ;;
      (*)
        word="\${command:+$command }$word"
        case $word in (${paths.join('|')}) command=$word ;; esac
        ;;
    esac
  done
  case $prev in
${[...values].map(([option, possible]) => `    (${option}) ${add(possible)}; return ;;`).join('\n')}
  esac
  case $command in
${levels.map(entriesAt).join('\n')}
  esac
  if [[ $PREFIX != -* ]] && (( $#entries )); then
    _describe -t commands command entries
  else
    _describe -o -t options option options
  fi
}

(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _gateway gateway
`;
}

function entriesAt({ path, words, options }: Level): string {
  return `    (${path === '' ? "''" : quoted(path)})
      entries=(${words.map(described).join(' ')})
      options=(${options.map(described).join(' ')})
      ;;`;
}

/** A colon stands between a word and its description. */
function described({ word, description }: Word): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${description}`);
}

function add(values: Values): string {
  switch (values) {
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'anything':
      return '_message value';
    default:
      return `compadd -- ${values.map(quoted).join(' ')}`;
  }
}
