# the shell workload: arithmetic, small files and pipelines; many short processes, as configure and boot scripts have
cd /tmp || exit 1
busybox=/bin/busybox
i=0 sum=0
while [ $i -lt 500 ]; do
    sum=$(((sum * 31 + i) % 65521))
    i=$((i + 1))
done
[ $sum -gt 0 ] || exit 1
i=0
while [ $i -lt 5 ]; do
    echo "line $i of many" > f$i
    $busybox cat f$i | $busybox sed s/many/few/ > g$i
    [ "$($busybox wc -w < g$i)" -eq 4 ] || exit 1
    i=$((i + 1))
done
$busybox ls /tmp | $busybox grep g > names
for f in f* g*; do $busybox rm "$f"; done
$busybox rm names
