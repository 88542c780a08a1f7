/*
 * Marks: how the benchmark program (micro.c) tells the counting plugin (plugin/count.c) where an operation starts and
 * stops. A mark is a no-op with a displacement nobody else uses; on any other machine it does nothing.
 */
#ifndef BENCH_MARKER_H
#define BENCH_MARKER_H

#define MARK_MAGIC 0x5e7a1b00u
#define MARK_INIT  1u                   /* the first user instruction of the system */
#define MARK_START 2u
#define MARK_STOP  3u

/* nopl MAGIC+mark(%rax) */
#define MARK(mark) __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long %c0" :: "i"(MARK_MAGIC + (mark)) : "memory")

#endif
