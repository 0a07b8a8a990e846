#pragma once

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

// Constants that are expressions which Swift cannot see: they initialise the library, or cast.
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_whole(void) { return H5S_ALL; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t chdf5_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_link_access(void) { return H5P_LINK_ACCESS; }
static inline hid_t chdf5_link_creation(void) { return H5P_LINK_CREATE; }
static inline haddr_t chdf5_undefined_address(void) { return HADDR_UNDEF; }
static inline size_t chdf5_variable_size(void) { return H5T_VARIABLE; }
static inline hid_t chdf5_object_reference(void) { return H5T_STD_REF_OBJ; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }

// IEEE 754 half precision, which the library has no name for before 1.14.4; h5py makes it in the
// same way. Made once and locked, as the library's own types are. All calls hold our lock.
static inline hid_t chdf5_half(int isBigEndian) {
  static hid_t types[2] = {-1, -1};
  hid_t *type = &types[isBigEndian ? 1 : 0];
  if (*type >= 0) return *type;
  hid_t made = H5Tcopy(isBigEndian ? H5T_IEEE_F32BE : H5T_IEEE_F32LE);
  if (made < 0 || H5Tset_fields(made, 15, 10, 5, 0, 10) < 0 || H5Tset_size(made, 2) < 0 ||
      H5Tset_ebias(made, 15) < 0 || H5Tlock(made) < 0)
    return -1;
  return *type = made;
}

// A number type as stored: kind is 'u', 'i' or 'f'. The type ids are macros that initialise the
// library.
static inline hid_t chdf5_number_type(char kind, int byteCount, int isBigEndian) {
#define CHDF5_PICK(name) return isBigEndian ? name##BE : name##LE
  switch (kind) {
    case 'u':
      if (byteCount == 1) CHDF5_PICK(H5T_STD_U8);
      if (byteCount == 2) CHDF5_PICK(H5T_STD_U16);
      if (byteCount == 4) CHDF5_PICK(H5T_STD_U32);
      if (byteCount == 8) CHDF5_PICK(H5T_STD_U64);
      break;
    case 'i':
      if (byteCount == 1) CHDF5_PICK(H5T_STD_I8);
      if (byteCount == 2) CHDF5_PICK(H5T_STD_I16);
      if (byteCount == 4) CHDF5_PICK(H5T_STD_I32);
      if (byteCount == 8) CHDF5_PICK(H5T_STD_I64);
      break;
    case 'f':
      if (byteCount == 2) return chdf5_half(isBigEndian);
      if (byteCount == 4) CHDF5_PICK(H5T_IEEE_F32);
      if (byteCount == 8) CHDF5_PICK(H5T_IEEE_F64);
      break;
  }
#undef CHDF5_PICK
  return -1;
}

// Turns off the printing of errors for this thread: the default handler is a macro.
static inline void chdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

// The text of the innermost error: the walk takes a callback with a context, and the default
// stack is a macro.
struct chdf5_text {
  char *text;
  size_t size;
};
static inline herr_t chdf5_note_error(unsigned n, const H5E_error2_t *error, void *context) {
  struct chdf5_text *target = (struct chdf5_text *)context;
  if (n == 0 && error->desc) snprintf(target->text, target->size, "%s", error->desc);
  return 0;
}
static inline void chdf5_error(char *text, size_t size) {
  struct chdf5_text target = {text, size};
  if (size) text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, chdf5_note_error, &target);
}

// Refuses to follow a link into another file: the callback's type is not one Swift imports.
static inline herr_t chdf5_refuse_link(const char *parentFile, const char *parentGroup,
                                       const char *childFile, const char *childObject,
                                       unsigned *flags, hid_t access, void *context) {
  (void)parentFile;
  (void)parentGroup;
  (void)childFile;
  (void)childObject;
  (void)flags;
  (void)access;
  (void)context;
  return -1;
}
static inline herr_t chdf5_refuse_external_links(hid_t access) {
  return H5Pset_elink_cb(access, chdf5_refuse_link, NULL);
}

// The paths of all datasets, each ended by a newline, found without following links into other
// files: H5Ovisit is a macro. Stops and returns 1 when the text is full.
struct chdf5_list {
  char *text;
  size_t size;
  size_t used;
};
static inline herr_t chdf5_note_dataset(hid_t object, const char *name, const H5O_info_t *info,
                                        void *context) {
  struct chdf5_list *list = (struct chdf5_list *)context;
  size_t length = strlen(name);
  (void)object;
  if (info->type != H5O_TYPE_DATASET) return 0;
  if (length + 2 > list->size - list->used) return 1;
  memcpy(list->text + list->used, name, length);
  list->used += length;
  list->text[list->used++] = '\n';
  return 0;
}
static inline herr_t chdf5_list_datasets(hid_t file, char *text, size_t size, size_t *used) {
  struct chdf5_list list = {text, size, 0};
  herr_t status = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, chdf5_note_dataset, &list,
                            H5O_INFO_BASIC);
  *used = list.used;
  return status;
}
