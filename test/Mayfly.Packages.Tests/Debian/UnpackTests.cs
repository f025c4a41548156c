using CsCheck;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;

namespace Mayfly.Packages.Tests.Debian;

public sealed class UnpackTests : IDisposable
{
    private readonly TemporaryStore _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task A_package_lies_in_the_store_as_control_files_and_manifest()
    {
        var package = _temporary.Add("hello", Deb(
            Tar(Folder("./"), Folder("./usr/"), File("./usr/a", "first"), Link("./usr/l", "/etc/x"), HardLink("./usr/b", "./usr/a"), File("./usr/c", "second")),
            Tar(Folder("./"), Entry('0', "./postinst", contents: "#!/bin/sh\n"u8.ToArray(), mode: 0b111_101_101), File("./control", "Package: hello\n"))));

        var unpacked = Assert.Single(await Unpack.AllAsync(_temporary.Store, [package]));

        Assert.Equal("Package: hello\n", unpacked.ReadControl("control"));
        Assert.Null(unpacked.ReadControl("preinst"));
        Assert.True(System.IO.File.GetUnixFileMode(Path.Combine(unpacked.ControlFolder, "postinst")).HasFlag(UnixFileMode.UserExecute));
        var entries = unpacked.ReadManifest().Entries;
        Assert.Equal(
            [("", EntryType.Directory, "", -1), ("usr", EntryType.Directory, "", -1), ("usr/a", EntryType.File, "", 0), ("usr/l", EntryType.SymbolicLink, "/etc/x", -1), ("usr/b", EntryType.HardLink, "usr/a", 0), ("usr/c", EntryType.File, "", 1)],
            entries.Select(static entry => (entry.Path, entry.Type, entry.Target, entry.Content)));
        Assert.Equal("second", System.IO.File.ReadAllText(unpacked.ContentOf(entries[5])));
        Assert.Equal("8b04d5e3775d298e78455efc5ca404d5", entries[2].Md5Text);
        Assert.Equal(1_700_000_000, new DateTimeOffset(System.IO.File.GetLastWriteTimeUtc(unpacked.ContentOf(entries[2]))).ToUnixTimeSeconds());
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    [Fact]
    public async Task What_its_md5sums_list_is_compared_and_what_they_leave_out_is_not_missed()
    {
        var package = _temporary.Add("hello", Deb(
            Tar(File("./etc/conf", "x"), File("./a\\b", "x"), HardLink("./hard", "./etc/conf"), HardLink("./harder", "./hard"), Link("./soft", "etc/conf"), File("./unlisted", "y")),
            Tar(File("./control", "Package: hello\n"), File("./md5sums", string.Concat(((string[])["  etc/conf", " *./hard", "  harder", "  soft"]).Select(name => $"9dd4e461268c8034f5c8564e155c67a6{name}\n")) + "\n\\9dd4e461268c8034f5c8564e155c67a6  a\\\\b\n"))));

        var unpacked = Assert.Single(await Unpack.AllAsync(_temporary.Store, [package]));

        Assert.Equal(["etc/conf", "etc/conf"], unpacked.ReadManifest().Entries.Where(static entry => entry.Type == EntryType.HardLink).Select(static entry => entry.Target));
    }

    [Fact]
    public async Task A_package_is_unpacked_once()
    {
        var package = _temporary.Add("hello", Deb(Tar(File("./a", "x"))));
        var first = Assert.Single(await Unpack.AllAsync(_temporary.Store, [package]));
        System.IO.File.Delete(_temporary.Store.PathOf(StoreArea.Artifacts, package.Sha256));

        var second = await Unpack.AllAsync(_temporary.Store, [package, package]);

        Assert.Equal([first, first], second);
    }

    public static TheoryData<string, byte[]> Hostile => new()
    {
        { "may leave the tree", Deb(Tar(File("./../../etc/passwd", "x"))) },
        { "may leave the tree", Deb(Tar(File("a/../b", "x"))) },
        { "may leave the tree", Deb(Tar(File("a//b", "x"))) },
        { "absolute", Deb(Tar(File("/etc/passwd", "x"))) },
        { "absolute", Deb(Tar(Pax(("path", "/etc/passwd")), File("a", "x"))) },
        { "passes through", Deb(Tar(Link("./a", "/etc"), File("./a/passwd", "x"))) },
        { "passes through", Deb(Tar(File("./a/b/c", "x"), Link("./a", "/etc"))) },
        { "passes through", Deb(Tar(File("./a", "x"), Folder("./a/b"))) },
        { "is in it twice", Deb(Tar(File("./a", "x"), File("./a", "y"))) },
        { "is in it twice", Deb(Tar(Link("./a", "/etc"), Folder("./a/"))) },
        { "no earlier file", Deb(Tar(HardLink("./a", "./b"), File("./b", "x"))) },
        { "no earlier file", Deb(Tar(Folder("./d"), HardLink("./a", "./d"))) },
        { "absolute", Deb(Tar(HardLink("./a", "/etc/shadow"))) },
        { "may leave the tree", Deb(Tar(HardLink("./a", "../../etc/shadow"))) },
        { "device", Deb(Tar(Entry('3', "./dev/null"))) },
        { "device", Deb(Tar(Entry('4', "./dev/sda"))) },
        { "pipe", Deb(Tar(Entry('6', "./run/pipe"))) },
        { "no package may have (trusted.overlay.opaque)", Deb(Tar(Pax(("SCHILY.xattr.trusted.overlay.opaque", "y")), Folder("./a"))) },
        { "no package may have (user.overlay.redirect)", Deb(Tar(Pax(("SCHILY.xattr.user.overlay.redirect", "/etc")), File("./a", "x"))) },
        { "no package may have (system.posix_acl_access)", Deb(Tar(Pax(("SCHILY.xattr.system.posix_acl_access", "x")), File("./a", "x"))) },
        { "symbolic link to a target of 0", Deb(Tar(Link("./a", ""))) },
        { "more than 64 GiB", Deb(Tar(Entry('0', "./a", sizeField: "\u0080\0\0\0\0\0\u0001\0\0\0\0\0"))) },
        { "part of more than 255", Deb(Tar(Pax(("path", new string('x', 256))), File("a", ""))) },
        { "name of more than 4095", Deb(Tar(Pax(("path", string.Join('/', Enumerable.Repeat("xyz", 1500)))), File("a", ""))) },
        { "not a plain file", Deb(Tar(), Tar(Link("./postinst", "/bin/sh"))) },
        { "not a plain file", Deb(Tar(), Tar(File("./sub/postinst", "x"))) },
        { "there twice", Deb(Tar(), Tar(File("./control", "x"), File("./control", "y"))) },
        { "control member . is not a plain file", Deb(Tar(), Tar(File(".", "x"), File("./control", "x"))) },
        { "no control file", Deb(Tar(), Tar(File("./postinst", "x"))) },
        { "absurdly large", Deb(Tar(), Tar(Entry('0', "./control", size: 1L << 32))) },
        { "its md5sums say", Deb(Tar(File("./a", "x")), Tar(File("./control", "x"), File("./md5sums", "00000000000000000000000000000000  a\n"))) },
        { "its md5sums say", Deb(Tar(File("./a", "x"), HardLink("./b", "./a")), Tar(File("./control", "x"), File("./md5sums", "00000000000000000000000000000000  b\n"))) },
        { "usr/b is in its md5sums, but not in it", Deb(Tar(File("./a", "x")), Tar(File("./control", "x"), File("./md5sums", "9dd4e461268c8034f5c8564e155c67a6  a\n9dd4e461268c8034f5c8564e155c67a6  usr/b\n"))) },
        { "but a folder", Deb(Tar(Folder("./a")), Tar(File("./control", "x"), File("./md5sums", "9dd4e461268c8034f5c8564e155c67a6  a\n"))) },
        { "line of its md5sums is damaged", Deb(Tar(File("./a", "x")), Tar(File("./control", "x"), File("./md5sums", "9dd4e461268c8034  a\n"))) },
        { "say two things of a", Deb(Tar(File("./a", "x")), Tar(File("./control", "x"), File("./md5sums", "9dd4e461268c8034f5c8564e155c67a6  a\n9dd4e461268c8034f5c8564e155c67a7  a\n"))) },
        { "begin as an ar", "not a package"u8.ToArray() },
        { "header is damaged", [.. "!<arch>\n"u8, .. "short"u8] },
        { "no number", [.. "!<arch>\n"u8, .. System.Text.Encoding.ASCII.GetBytes($"{"debian-binary",-16}{0,-12}{0,-6}{0,-6}{"100644",-8}{"-4",-10}`\n")] },
        { "format 2.x", Ar(("debian-binary", "3.0\n"u8.ToArray())) },
        { "no member control.tar", Ar(("debian-binary", "2.0\n"u8.ToArray())) },
        { "stands where", Ar(("debian-binary", "2.0\n"u8.ToArray()), ("data.tar", Tar()), ("control.tar", Tar(File("control", "x")))) },
        { "cannot read", Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.lz4", [])) },
        { "damaged", Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.xz", new byte[100])) },
        { "damaged", Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.zst", new byte[100])) },
        { "damaged", Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.gz", new byte[100])) },
        { "much follows", Deb([.. Tar(File("./a", "x")), .. new byte[2 << 20]]) },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_hostile_package_is_refused_and_leaves_nothing(string because, byte[] deb)
    {
        var good = _temporary.Add("good", Deb(Tar(File("./a", "x"))));
        var bad = _temporary.Add("bad", deb);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => Unpack.AllAsync(_temporary.Store, [good, bad]));

        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("package bad:amd64 1.0 is refused: ", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
        Assert.Empty(_temporary.Entries(StoreArea.Unpacked));
    }

    [Fact]
    public async Task A_damaged_artifact_is_named_as_such_and_removed()
    {
        var package = _temporary.Add("hello", Deb(Tar(File("./a", "x"))));
        var artifact = _temporary.Store.PathOf(StoreArea.Artifacts, package.Sha256);
        var bytes = System.IO.File.ReadAllBytes(artifact);
        bytes[^20] ^= 1;
        System.IO.File.WriteAllBytes(artifact, bytes);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => Unpack.AllAsync(_temporary.Store, [package]));

        Assert.Contains("was damaged", refusal.Message, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(artifact));
        Assert.Empty(_temporary.Entries(StoreArea.Unpacked));
    }

    [Fact]
    public async Task A_package_that_was_not_fetched_is_named()
    {
        var package = TemporaryStore.PackageOf("ghost", [1, 2, 3]);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => Unpack.AllAsync(_temporary.Store, [package]));

        Assert.Contains("ghost:amd64 1.0 was not fetched", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_bytes_of_a_package_are_changed_only_refusals_come_out()
    {
        var good = Deb(Tar(Folder("./usr/"), Pax(("path", "usr/ü")), File("x", "text"), Link("./a", "b"), HardLink("./c", "./usr/ü")));
        Gen.Select(Gen.Int[0, good.Length - 1].Array[1, 6], Gen.Byte.Array[6], Gen.Int[0, good.Length * 3]).Sample(
            (places, values, cut) =>
            {
                var bytes = good.ToArray();
                for (var at = 0; at < places.Length; at++)
                    bytes[places[at]] = values[at];
                using var work = _temporary.Store.BeginWork("fuzz");
                try
                {
                    DebianArchive.Unpack(new MemoryStream(bytes[..Math.Min(cut, bytes.Length)]), work.Path, CancellationToken.None);
                }
                catch (ArchiveException)
                {
                }
            },
            iter: 1_500, seed: "0000KOIPe003", threads: 1);
    }

    [Fact]
    public void A_damaged_manifest_is_refused_with_the_remedy()
    {
        var bytes = PackageManifest.Format(
            [new ManifestEntry { Path = "a", Type = EntryType.File, Mode = 420, User = "root", Content = 0, Md5 = new byte[16] }], ownersApplied: true);
        Assert.Single(PackageManifest.Parse(bytes).Entries);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, bytes.Length * 3]).Sample(
            (at, value, cut) =>
            {
                var changed = bytes.ToArray();
                changed[at] = value;
                var path = Path.Combine(_temporary.Folder, "manifest");
                System.IO.File.WriteAllBytes(path, changed[..Math.Min(cut, changed.Length)]);
                try
                {
                    PackageManifest.Read(path);
                }
                catch (MayflyException e)
                {
                    Assert.Contains("run the command again", e.Hint, StringComparison.Ordinal);
                }
            },
            iter: 2_000, seed: "0000KOIPe003", threads: 1);
    }
}
