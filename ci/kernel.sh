#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds a kernel for one named configuration; prints the folder it is in.
#
#   ci/kernel.sh --base 6.1 --arch x86_64 --config release|debug|nic|off|plain
#       --backends "intel"    exactly these backends (default: all of the architecture's)
#       --fragment FILE       one more configuration fragment on top
#       --objects "a.o d/"    build only these; the .o files are in objects/
#       --until N             only the first N hook patches; "fixes": only bug fixes of the base
#       --mutant NAME         with a bug on top, ci/mutants/NAME.patch
#       --menuconfig FILE     no build: the kernel's menuconfig; the changes go to FILE
#
# The folder holds the image, config, System.map, release, and src/ and obj/ to
# build modules against. Its name is a hash of everything that went into it.
# Behind it is one grafted tree and one object folder per configuration that
# stay, so that an edit of ours recompiles only what depends on it.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/kbuild.sh
. "$ci/lib/kbuild.sh"

base='' arch='' config='' objects='' until='' mutant='' fragment='' menu='' wanted=default
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
	--menuconfig) menu=$2 ;;
	*) die "unknown option $1" ;;
	esac
	shift 2
done
check_word BASE "$base" "${bases[@]}"
check_word ARCH "$arch" "${arches[@]}"
choose_arch
check_word config "$config" release debug nic off plain
[ -z "$mutant" ] || [ "$config" != plain ] || die "--config plain has nothing of ours to mutate"
[ "$config" != plain ] || until=fixes
[ -z "$mutant" ] || [ -f "$ci/mutants/$mutant.patch" ] || die "there is no ci/mutants/$mutant.patch"
graft=("$base" ${until:+--until "$until"} ${mutant:+--mutant "$ci/mutants/$mutant.patch"})
[ "$wanted" != default ] || wanted=$(backends_of "$arch")
for word in $wanted; do
	# shellcheck disable=SC2046 # a list of words
	check_word "ARCH=$arch BACKENDS" "$word" $(backends_of "$arch")
done

# Everything that is asked of the configuration, in one file, last word wins.
request() {
	local word
	cat "$ci/kconfig/guest.config" "$ci/kconfig/$arch.config"
	[ "$config" != nic ] || cat "$ci/kconfig/debug.config"
	case $config in release | nic | off | plain) cat "$ci/kconfig/network.config" ;; esac
	cat "$ci/kconfig/$config.config"
	[ -z "$fragment" ] || cat "$fragment"
	case $config in off | plain) return ;; esac
	for word in "${backends[@]}"; do
		case " $wanted " in
		*" $word "*) echo "CONFIG_XSMMU_$(tr a-z- A-Z_ <<<"$word")=y" ;;
		*) echo "# CONFIG_XSMMU_$(tr a-z- A-Z_ <<<"$word") is not set" ;;
		esac
	done
}

inputs() {
	echo "$source $arch $objects"
	"${CROSS_COMPILE:-}gcc" --version | head -n 1
	"${CROSS_COMPILE:-}ld" --version | head -n 1
	request
	"$ci/graft.sh" key "${graft[@]}"
	# A change in how kernels are made makes other kernels.
	cat "$ci/lib/kbuild.sh"
}

source=$("$ci/source.sh" "$base")
release=$(basename "$(dirname "$source")")
# What is compared object by object, or compiled patch by patch, shares a tree and an
# object folder: each costs what it changes.
apart=''
case $config in off | plain) apart=1 ;; esac
[ -z "$until" ] || apart=1
label=$config${objects:+-objects}${menu:+-menu}
build=$cache/build/$release-$arch-$label log=$cache/build/$release-$arch-$label.log
[ -z "$apart" ] || build=$cache/build/$release-$arch-apart
# In the folder of the kernel without it: only what the bug is in is built anew.
label=$label${mutant:+ with mutant $mutant}${until:+ until $until}
key=$(inputs | hash_of)
result=$cache/kernels/$key

if [ -z "$menu" ] && [ -d "$result" ]; then
	touch "$result"
	say "kernel $label ($arch, $base): cached"
	printf '%s\n' "$result"
	exit 0
fi

# One build at a time in each tree: it must not change under the compiler.
lock "$release${apart:+-apart}"
[ -n "$menu" ] || [ ! -d "$result" ] || exec "$0" --base "$base" --arch "$arch" --config "$config" \
	--backends "$wanted" --fragment "$fragment" --objects "$objects" --until "$until" \
	--mutant "$mutant"
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
