/* Formats of sets of tensors: each reads a set from the bytes of a whole file. */
#ifndef CORE_TENSOR_FORMATS_H
#define CORE_TENSOR_FORMATS_H

#include <dotgrad/tensor.h>

/* limit: bytes that unpacking may make. */
/* What dg_safetensors_write() would write; to be freed. */
dg_status safetensors_print(const dg_tensors *set, char **bytes, size_t *size);
dg_status safetensors_parse(const char *bytes, size_t size, dg_tensors **set);
dg_status npz_parse(const char *bytes, size_t size, size_t limit, dg_tensors **set);
dg_status npy_parse(const char *bytes, size_t size, dg_tensors **set);

/* One array of NumPy's, put into `set` under that name; one of a type that no tensor has is noted as unread. */
dg_status npy_take(const char *bytes, size_t size, const char *name, dg_tensors *set);

/* Notes that a file has a tensor of a type that is not read: dg_tensors_unread() finds it. */
dg_status tensors_note_unread(dg_tensors *set, const char *name, const char *type);

/* DG_BAD_DATA: an element that was unsigned and is beyond int64. */
dg_status check_unsigned(const dg_tensor *tensor, const char *name);

/* Little-endian numbers. */
uint16_t read_u16(const unsigned char *at);
uint32_t read_u32(const unsigned char *at);
uint64_t read_u64(const unsigned char *at);

#endif
