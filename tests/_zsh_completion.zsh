# Prints what zsh offers to complete a command line with: zsh -f _zsh_completion.zsh LINE. The file `script` in the
# current folder defines the completion.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; unset zle_bracketed_paste; autoload -Uz compinit && compinit -u -D; source ./script'
# Instead of inserting a completion, all are printed.
zpty -w shell 'compadd() {
  local -a found
  builtin compadd -A found "$@"
  (( $#found )) && print -l -- OFFER-${^found}
  (( $#found ))
}; bindkey "^I" complete-word; zle -C complete-word complete-word offer; offer() { _main_complete; print DONE; }; print READY'
local line
while zpty -r shell line; do [[ $line == READY* ]] && break; done
zpty -n -w shell "$1"$'\t'
while zpty -r shell line; do
  if [[ $line == *OFFER-* ]]; then
    # What zsh has echoed stands before, and the end of the line after.
    line=${line##*OFFER-}
    print -r -- ${line%%[[:cntrl:]]*}
  fi
  [[ $line == *DONE* ]] && break
done
zpty -d shell
