# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# checkpatch.pl of the kernel in $tree, for the checks that source this.

# Rules that do not apply. Our files are not in the kernel tree, so they have no MAINTAINERS
# entry. They build on kernels without kzalloc_obj(). Comments of network drivers had a style
# of their own, which later kernels do not ask for.
not_ours=FILE_PATH_CHANGES,MAINTAINERS_STYLE,ALLOC_WITH_SIZEOF,NETWORKING_BLOCK_COMMENT_STYLE

# exceptions FILE: prints the rules that do not apply to FILE. QEMU devices use QEMU's types
# and names and no kernel macros (SPACING misreads arrays of pointers to unknown types).
# Trace headers have the layout of the kernel's own. The macros of ifc.h have names of fields
# as arguments. Two stubs of pen.h are macros that ignore their arguments.
exceptions() {
	case $1 in
	*/ifc.h) echo "$not_ours,EMBEDDED_FILENAME,CAMELCASE,PREFER_KERNEL_TYPES,BIT_MACRO,MACRO_ARG_PRECEDENCE,MACRO_ARG_REUSE" ;;
	ci/devices/*) echo "$not_ours,CAMELCASE,PREFER_KERNEL_TYPES,BIT_MACRO,MACRO_ARG_REUSE,SPACING" ;;
	*/trace.h) echo "$not_ours,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT" ;;
	*/pen.h) echo "$not_ours,MACRO_ARG_UNUSED" ;;
	*) echo "$not_ours" ;;
	esac
}

# checkpatch RULES ARGUMENT...: runs it without these rules.
checkpatch() {
	perl "$tree/scripts/checkpatch.pl" --no-tree --strict --quiet --no-summary --terse \
		--show-types --ignore "$@"
}

# checkpatch_mail FILE: prints what it says about a mail. A mail can have files with exceptions.
checkpatch_mail() {
	local said type
	checkpatch "$not_ours" --showfile - <"$1" | while read -r said; do
		type=${said#*: *:} type=${type%%:*}
		case ",$(exceptions "${said%%:*}")," in
		*",$type,"*) ;;
		*) printf '%s\n' "${1##*/}: $said" ;;
		esac
	done
}
