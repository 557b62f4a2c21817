# Runs verify.sh ($2) with the shell $1 on each line of standard input: LICENSE, KEY, PRODUCT, TIME, with | between.
# Files of its own go to the folder $3.
while IFS='|' read -r license key product time; do
  if "$1" "$2" "$license" "$key" "$product" "$time" > "$3/out" 2> "$3/err" && ! test -s "$3/err"; then
    echo "ok $(sha256sum < "$3/out" | cut -c 1-64)"
  elif test -s "$3/out" || test "$(wc -l < "$3/err")" -ne 1; then
    echo "error $(tr '\n' ' ' < "$3/err")"
  else
    sed 's/^license refused: /refused /' "$3/err"
  fi
done
