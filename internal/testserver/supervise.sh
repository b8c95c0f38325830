# Runs a server until the process that holds the other end of standard input is
# gone, or for so many seconds: supervise.sh DIR SECONDS COMMAND...
dir=$1 seconds=$2
shift 2
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
read -r -t "$seconds" _
kill -INT "$pid" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
  kill -0 "$pid" 2>/dev/null || break
  [ "$_" = 5 ] && kill -TERM "$pid" 2>/dev/null
  sleep 0.3
done
kill -KILL "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
rm -rf "$dir"
