# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The steps of ci/kernel.sh, which sources this and sets the variables: a tree
# to build from, its configuration, the build, and the copy that is kept.

# make hands its own flags and our words down to every child; the kernel's
# make must not see them. Fixed stamps make equal inputs give equal kernels.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES KBUILD_OUTPUT KCFLAGS CROSS_COMPILE
export LC_ALL=C KBUILD_BUILD_TIMESTAMP='Thu Jan 1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=xsmmu KBUILD_BUILD_HOST=xsmmu

# Where an architecture differs for the kernel's build: its folder below arch/,
# the image that QEMU boots, the compiler.
choose_arch() {
	case $arch in
	x86_64) dir=x86 image=bzImage ;;
	arm64) dir=arm64 image=Image ;;
	esac
	CROSS_COMPILE=$(cross_prefix "$arch")
	export CROSS_COMPILE
}

# Linux 7.3 needs LLVM 17; Debian 12 has 14 and, by another name, 19.
llvm=19

# Sets what make is told of the compiler, and the programs on which a build depends.
choose_compiler() {
	toolchain=() programs=("${CROSS_COMPILE}gcc" "${CROSS_COMPILE}ld")
	case $compiler in
	llvm) CROSS_COMPILE='' toolchain=("LLVM=-$llvm") programs=("clang-$llvm" "ld.lld-$llvm") ;;
	sparse) toolchain=(C=2) programs+=(sparse) ;;
	esac
}

kmake() { make -C "$tree" O="$build" ARCH="$arch" "${toolchain[@]}" "$@"; }

# $tree: a grafted copy of the untouched source. It is made of hard links (small, a
# second); git replaces files, it never writes to them. A tree of the graft.sh that kept
# its originals in a folder is made anew. Sources of a new tree are older than objects of
# the one before, and make would keep these objects.
prepare_tree() {
	local others=(-name '*-apart')
	tree=$cache/trees/$release${apart:+-apart}
	[ ! -d "$tree/.xsmmu-graft/orig" ] || rm -rf "$tree"
	if [ ! -d "$tree" ]; then
		mkdir -p "$cache/trees"
		[ -n "$apart" ] || others=(! -name '*-apart')
		find "$cache/build" -mindepth 1 -maxdepth 1 -type d -name "$release-*" \
			"${others[@]}" -exec rm -rf {} +
		mkdir -p "$build"
		rm -rf "$tree.new"
		cp -al "$source" "$tree.new"
		mv "$tree.new" "$tree"
	fi
	"$ci/graft.sh" apply "$tree" "${graft[@]}"
}

# One pass over tinyconfig's own choices, or the configuration $below, and ours.
configure() {
	local tiny=$tree/arch/$dir/configs/tiny.config goal=allnoconfig
	[ -f "$tiny" ] || tiny=/dev/null
	request >"$build/request"
	cat "$tree/kernel/configs/tiny.config" "$tiny" "$build/request" >"$build/all.config"
	if [ -n "$below" ]; then
		cat "$below" "$build/request" >"$build/.config.new"
		goal=olddefconfig
	fi
	kmake KCONFIG_ALLCONFIG="$build/all.config" KCONFIG_CONFIG="$build/.config.new" \
		"$goal" >"$log" 2>&1 || failed "configuring"
	case $until in '' | fixes | nothing) require_symbols ;; esac
	# An untouched .config keeps its time, and kbuild its peace.
	if cmp -s "$build/.config.new" "$build/.config"; then
		rm "$build/.config.new"
	else
		mv "$build/.config.new" "$build/.config"
	fi
}

# Kconfig drops what it cannot satisfy without a word. This says it.
require_symbols() {
	local lost
	lost=$(awk '
		match($0, /CONFIG_[A-Za-z0-9_]+/) {
			symbol = substr($0, RSTART, RLENGTH)
			if ($0 ~ /^# CONFIG_[A-Za-z0-9_]+ is not set$/) value = "n"
			else if ($0 ~ /^CONFIG_/) value = substr($0, length(symbol) + 2)
			else next
			if (FILENAME == ARGV[1]) asked[symbol] = value
			else got[symbol] = value
		}
		END {
			for (s in asked)
				if (asked[s] != (s in got ? got[s] : "n")) print s "=" asked[s]
		}' "$build/request" "$build/.config.new" | sort | tr '\n' ' ')
	[ -z "$lost" ] || die "Kconfig does not give what ci/kconfig asks for ($label): $lost"
}

# A person may take an hour here, and nobody has to wait for that: the object
# folder is the menu's own, and the tree is read when the menu starts.
edit_config() {
	unlock
	cp "$build/.config" "$build/.config.before"
	kmake menuconfig || die "menuconfig failed: see the lines above"
	python3 -B "$source/scripts/diffconfig" -m "$build/.config.before" "$build/.config" >"$menu"
	say "$(wc -l <"$menu") changes kept in $menu; make kernel uses them, remove the file to drop them"
}

compile() {
	local start=$SECONDS
	say "kernel $label ($arch, $base): building, log in $log"
	# An object that is up to date would show no warning.
	# shellcheck disable=SC2086 # several targets
	[ -z "$below" ] || (cd "$build" && rm -f $1)
	# shellcheck disable=SC2086 # several targets
	kmake -j"$(nproc)" ${below:+W=1} $1 2>&1 | progress || failed "building"
	say "kernel $label ($arch, $base): built in $((SECONDS - start)) s"
}

# Passes make's output to the log and shows a line every ten seconds. The share
# is of the steps of the last full build; the first one can only count.
progress() {
	local line steps=0 expected='' next=$((SECONDS + 10))
	[ ! -f "$build/.steps" ] || expected=$(cat "$build/.steps")
	: >"$log"
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$log"
		case $line in '  '[A-Z]*) steps=$((steps + 1)) ;; esac
		[ "$SECONDS" -lt "$next" ] || {
			say "  $steps${expected:+ of at most $expected} steps"
			next=$((SECONDS + 10))
		}
	done
	[ "$steps" -le "${expected:-0}" ] || echo "$steps" >"$build/.steps"
}

failed() {
	tail -n 20 "$log" >&2
	die "$1 the kernel failed ($label, $arch, $base); the whole log is $log"
}

# Copies what is wanted into place under its final name in one rename.
publish() {
	local new=$result.new
	rm -rf "$new"
	mkdir -p "$new"
	if [ -n "$objects" ]; then
		publish_objects
	else
		publish_kernel
	fi
	cp "$build/.config" "$new/config"
	mv "$new" "$result"
	forget_old
}

# Each edit makes one more kernel, and each step of a series one more set of objects: the
# eighty that were asked for last stay.
forget_old() {
	find "$cache/kernels" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn |
		tail -n +81 | cut -d' ' -f2- | xargs -r -d '\n' rm -rf
}

# Without those about the kernel's own kernel-doc; the check "style" reads ours. (sparse goes on
# after an error.)
compiler_warnings() {
	sed -nE "s#^$tree/(.*(warning|error): .*)#\1#p" "$log" |
		grep -vE "^scripts/|' not described in " || true
}

# objects/ holds the files that were named, symbols what nm says about those in
# the folders that were. (About those that the folder's archive holds: an earlier
# build of a later step leaves its objects behind.)
publish_objects() {
	local object
	mkdir "$new/objects"
	[ -z "$below" ] || compiler_warnings >"$new/warnings"
	[ "$compiler" != sparse ] || sed -n "s|^  CHECK  *$tree/||p" "$log" >"$new/checked"
	for object in $objects; do
		case $object in
		*/) (cd "$build" && nm -A "${object}built-in.a" >>"$new/symbols") ;;
		*) (cd "$build" && cp --parents "$object" "$new/objects/") ;;
		esac
	done
}

# modules/ holds the kernel's own modules; obj/ is the part of the object folder that kbuild reads for M=; src/ that of
# the tree. Linked where nothing will write, so a kernel costs about 20 MB.
publish_kernel() {
	cp "$build/arch/$dir/boot/$image" "$build/System.map" "$new/"
	kmake -s kernelrelease | tail -n 1 >"$new/release"
	mkdir "$new/src" "$new/obj" "$new/modules"
	(cd "$build" && find . -name '*.ko' -exec cp {} "$new/modules/" \;)
	(cd "$tree" && cp -al --parents Makefile Kbuild Kconfig scripts include \
		"arch/$dir"/Makefile* "arch/$dir/include" "$new/src/")
	(cd "$build" && cp -a --parents .config Module.symvers scripts include \
		"arch/$dir/include" "$new/obj/")
	[ ! -x "$build/tools/objtool/objtool" ] ||
		(cd "$build" && cp --parents tools/objtool/objtool "$new/obj/")
	find "$new/obj/scripts" \( -name '*.o' -o -name '.*.cmd' \) -delete
	ln -s "$result/src" "$new/obj/source"
	echo "include $result/src/Makefile" >"$new/obj/Makefile"
}
