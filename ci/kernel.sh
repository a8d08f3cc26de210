#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds a kernel of one configuration and prints its folder.
#
#   ci/kernel.sh --base 6.1 --arch x86_64 --config NAME
#       NAME: release, benchmark, debug, nic, kasan, kcsan, rt-locks, pages16k, pages64k,
#       upstream-tests, mutants, off, plain, base, stock, untouched
#       --backends "intel"    exactly these backends (default: all of the architecture's)
#       --fragment FILE       one more configuration fragment on top
#       --objects "a.o d/"    build only these; the .o files are in objects/
#       --until N             apply only the first N hook patches; "fixes": only the fixes;
#                             "nothing": the base kernel as it is
#       --mutant NAME         also apply the seeded bug ci/mutants/NAME.patch
#       --compiler NAME       gcc (default); llvm: all programs are LLVM's, as by LLVM=1; sparse:
#                             gcc, and the checker sparse reads each source file
#       --menuconfig FILE     run menuconfig instead of a build; write the changes to FILE
#
# With --config distribution the options are Debian's and a few of ours. That is only for
# objects; they are compiled with W=1, and the warnings are kept beside them, with those of
# sparse and the list of files that it has read.
#
# The folder holds the image, config, System.map, release, and src/ and obj/ to
# build modules against. Its name is a hash of all inputs. The cache keeps a
# grafted tree and an object folder per configuration, so that an edit recompiles
# only the objects that depend on it.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/kbuild.sh
. "$ci/lib/kbuild.sh"

base='' arch='' config='' objects='' until='' mutant='' fragment='' menu='' wanted=default
compiler=gcc
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || die "$1 needs a value"
	case $1 in
	--base) base=$2 ;;
	--arch) arch=$2 ;;
	--config) config=$2 ;;
	--backends) wanted=$2 ;;
	--fragment) fragment=$2 ;;
	--objects) objects=$2 ;;
	--until) until=$2 ;;
	--mutant) mutant=$2 ;;
	--compiler) compiler=$2 ;;
	--menuconfig) menu=$2 ;;
	*) die "unknown option $1" ;;
	esac
	shift 2
done
check_base "$base"
check_word ARCH "$arch" "${arches[@]}"
check_word compiler "$compiler" gcc llvm sparse
choose_arch
choose_compiler
check_word config "$config" release benchmark debug nic kasan kcsan rt-locks pages16k pages64k \
	upstream-tests mutants distribution off plain base stock untouched
case $config in
plain | base | stock)
	[ -z "$mutant" ] || die "--config $config takes no mutant"
	until=fixes
	;;
untouched)
	[ -z "$mutant" ] || die "--config $config takes no mutant"
	until=nothing
	;;
esac
[ "$config" != distribution ] || [ -n "$objects" ] || die "--config distribution needs --objects"
[ -z "$mutant" ] || [ -f "$ci/mutants/$mutant.patch" ] || die "there is no ci/mutants/$mutant.patch"
graft=("$base" ${until:+--until "$until"} ${mutant:+--mutant "$ci/mutants/$mutant.patch"})
[ "$wanted" != default ] || wanted=$(backends_of "$arch")
for word in $wanted; do
	# shellcheck disable=SC2046 # a list of words
	check_word "ARCH=$arch BACKENDS" "$word" $(backends_of "$arch")
done

# Prints the names of the fragments in ci/kconfig. The gate tests the NIC on x86_64 only,
# so the debug kernel of arm64 has no network, and the kernel nic has.
fragments() {
	[ "$config" = distribution ] || echo guest "$arch"
	case $config-$arch in
	distribution-*) echo distribution ;;
	kasan-*) echo debug network nic kasan ;;
	rt-locks-x86_64) echo debug rt-locks early-console ;;
	kcsan-* | rt-locks-* | pages16k-* | pages64k-*) echo debug "$config" ;;
	nic-* | debug-x86_64) echo debug network nic ;;
	upstream-tests-x86_64) echo debug network nic upstream-tests "upstream-tests-$arch" ;;
	upstream-tests-*) echo debug upstream-tests "upstream-tests-$arch" ;;
	stock-*) echo debug network nic stock ;;
	benchmark-*) echo network release benchmark ;;
	debug-* | mutants-*) echo "$config" ;;
	*) echo network "$config" ;;
	esac
}

# Prints the requested configuration. The last line of a symbol wins, so the file of the base
# can take back what that kernel calls by another name, and the file of a word on that base
# what only kernels with that word ask for.
request() {
	local word
	for word in $(fragments); do
		cat "$ci/kconfig/$word.config"
	done | without_ours
	[ ! -f "$ci/kconfig/$base.config" ] || cat "$ci/kconfig/$base.config"
	for word in $(fragments); do
		[ ! -f "$ci/kconfig/$word-$base.config" ] || cat "$ci/kconfig/$word-$base.config"
	done
	[ -z "$fragment" ] || cat "$fragment"
	case $config-$until in off-* | *-fixes | *-nothing) return ;; esac
	for word in "${backends[@]}"; do
		case " $wanted " in
		*" $word "*) echo "CONFIG_XSMMU_$(tr a-z- A-Z_ <<<"$word")=y" ;;
		*) echo "# CONFIG_XSMMU_$(tr a-z- A-Z_ <<<"$word") is not set" ;;
		esac
	done
}

# A base that is untouched, or has only its fixes, has none of our options.
without_ours() {
	case $until in
	fixes | nothing) sed /CONFIG_XSMMU/d ;;
	*) cat ;;
	esac
}

inputs() {
	local program
	echo "$source $arch $objects ${toolchain[*]}"
	for program in "${programs[@]}"; do
		"$program" --version 2>&1 | head -n 1
	done
	request
	[ -z "$below" ] || cat "$below"
	"$ci/graft.sh" key "${graft[@]}"
	# A change of the build steps changes the key.
	cat "$ci/lib/kbuild.sh"
}

source=$("$ci/source.sh" "$base")
below=''
[ "$config" != distribution ] || below=$("$ci/distribution-config.sh" "$base" "$arch")
release=$(basename "$(dirname "$source")")
# Builds for the comparison of objects (off, plain) and builds with --until share a tree
# and an object folder. Each compiles only what differs from the one before. (A stock kernel
# shares the tree only: all its objects differ.)
apart=''
case $config in off | plain) apart=1 ;; esac
[ -z "$until" ] || apart=1
with=''
[ "$compiler" = gcc ] || with=-$compiler
label=$config${objects:+-objects}${menu:+-menu}$with
build=$cache/build/$release-$arch-$label log=$cache/build/$release-$arch-$label.log
[ -z "$apart" ] || build=$cache/build/$release-$arch$with-apart
[ "$config" != stock ] || build=$cache/build/$release-$arch-stock-apart
# A mutant uses the folder of the kernel without it: only files with the bug are recompiled.
label=$label${mutant:+ with mutant $mutant}${until:+ until $until}
key=$(inputs | hash_of)
result=$cache/kernels/$key

if [ -z "$menu" ] && [ -d "$result" ]; then
	touch "$result"
	say "kernel $label ($arch, $base): cached"
	printf '%s\n' "$result"
	exit 0
fi

# Only one build may use a tree at a time: it must not change during compilation.
lock "$release${apart:+-apart}"
[ -n "$menu" ] || [ ! -d "$result" ] || exec "$0" --base "$base" --arch "$arch" --config "$config" \
	--backends "$wanted" --fragment "$fragment" --objects "$objects" --until "$until" \
	--mutant "$mutant" --compiler "$compiler"
need_space "$cache" 1500 "a kernel build"
mkdir -p "$build" "$cache/kernels"
prepare_tree
configure
if [ -n "$menu" ]; then
	edit_config
	exit 0
fi
if [ -n "$objects" ]; then
	compile "$objects"
else
	compile "$image modules"
fi
publish
printf '%s\n' "$result"
