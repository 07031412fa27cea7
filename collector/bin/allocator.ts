/**
 * Settings of glibc's allocator for our processes; who starts them has to give them. It has an arena for each thread and
 * keeps what was freed in the middle of one, and it learns to keep even large pieces once they were freed. Of the buffers of
 * a spill and its threads that was 15 MB at 1,000 hosts. Other allocators do not know these names.
 */
export const ALLOCATOR_ENVIRONMENT = Object.freeze({ MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "131072" });
