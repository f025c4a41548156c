using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>
/// What a stranger may send, or put into a repository, changed at random from recorded seeds: each is read or refused by the one exception that means
/// so. <c>MAYFLY_FUZZ</c> multiplies the number of changes for a longer run, <c>MAYFLY_FUZZ_SEED</c> makes it another one.
/// </summary>
public sealed class HostileInputTests
{
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("MAYFLY_FUZZ_SEED") ?? "20261125", CultureInfo.InvariantCulture);

    /// <summary>What one input may allocate, all told: far above the honest, far below what would hurt.</summary>
    private const long MostBytes = 256L << 20;

    private static readonly SigningKey Key = new();
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("MAYFLY_FUZZ") ?? "1", CultureInfo.InvariantCulture);
    private static readonly string Release = new TestArchive { Key = Key, ValidUntil = TestArchive.Now.AddDays(5) }.Release;
    private static readonly string InRelease = Key.Sign(Release);

    [Fact]
    public void A_Release_file()
    {
        var refused = Try(500, Bytes(Release), bytes => ReleaseFile.Parse(Text(bytes), bytes), static e => e is FormatException);
        Assert.True(refused > 0);
    }

    [Fact]
    public void A_clearsigned_message_is_accepted_only_with_the_text_that_was_signed()
    {
        var keys = KeyRing.Of([(Key.Public, "debian-archive-bookworm-automatic")]);
        var signed = SignedText.Parse(Bytes(InRelease)).Payload;
        var accepted = 0;
        var refused = Try(500, Bytes(InRelease), bytes =>
        {
            var read = SignedText.Parse(bytes);
            // Damaged signatures are a verdict, not an exception.
            if (keys.Verify(read, "bookworm", TestArchive.Now).Good.Count == 0)
                throw new FormatException("not good");
            Assert.Equal(signed, read.Payload);
            accepted++;
        }, static e => e is FormatException);
        Assert.True(refused > 0 && accepted > 0);
    }

    [Fact]
    public void A_signature_beside_a_file()
    {
        var keys = KeyRing.Of([(Key.Public, "debian-archive-bookworm-automatic")]);
        var file = Bytes(Release);
        Try(250, Key.SignDetached(file), bytes => keys.VerifyDetached(file, bytes, "bookworm", TestArchive.Now), static _ => false);
        // Binary too, which has no armour that a change would break first.
        using var decoder = Org.BouncyCastle.Bcpg.OpenPgp.PgpUtilities.GetDecoderStream(new MemoryStream(Key.SignDetached(file)));
        using var binary = new MemoryStream();
        decoder.CopyTo(binary);
        Try(800, binary.ToArray(), bytes => keys.VerifyDetached(file, bytes, "bookworm", TestArchive.Now), static _ => false);
    }

    [Theory]
    [InlineData("Packages")]
    [InlineData("Packages.gz")]
    [InlineData("Packages.xz")]
    public void A_package_index(string name)
    {
        var plain = Bytes(Packages());
        var served = name.EndsWith(".gz", StringComparison.Ordinal) ? Archives.ArchiveBuilder.Gzip(plain) : name.EndsWith(".xz", StringComparison.Ordinal) ? Xz(plain) : plain;
        Try(name == "Packages" ? 300 : 120, served, bytes =>
        {
            using var stream = IndexFetch.Limit(Compression.Open(name, new MemoryStream(bytes)), 10_000_000);
            DebianIndex.Parse("amd64", [new PackagesFile(Locked, "main", () => stream)]);
        }, static e => e is MayflyException { Hint: not null } or ArchiveException);
    }

    [Fact]
    public void Sources_of_apt_in_both_forms_and_its_options()
    {
        const string Lines = "deb [arch=amd64,arm64 signed-by=/x.gpg] http://one.example/$(ARCH)/debian bookworm main # c\ndeb-src http://x y z\n";
        const string Stanzas = "# c\nTypes: deb deb-src\nURIs: http://one.example/debian/\n http://two.example\nSuites: bookworm bookworm-updates\nComponents: main\nEnabled: yes\nSigned-By:\n -----BEGIN\n .\n\nTypes: deb\n";
        const string Options = "// c\nAcquire::http::Proxy \"http://proxy.example:3128\"; /* x */ Acquire { http { Proxy { direct.example \"DIRECT\"; }; }; };\n";
        Try(500, Bytes(Lines), static bytes => AptSource.ParseLines(Text(bytes)).Count(), static _ => false);
        Try(500, Bytes(Stanzas), static bytes => AptSource.ParseStanzas(Text(bytes)).Count(), static _ => false);
        Try(500, Bytes(Options), static bytes =>
        {
            var options = new Dictionary<string, string>();
            AptOptions.Parse(Text(bytes), options);
            AptProxy.From(options);
        }, static _ => false);
        Try(300, Bytes(Stanzas), static bytes =>
        {
            var apt = new AptConfiguration { Sources = [.. AptSource.ParseStanzas(Text(bytes))], Options = new Dictionary<string, string>() };
            DebianSources.Discover("bookworm", "amd64", new DebianConfiguration(), apt);
        }, static e => e is MayflyException);
    }

    [Fact]
    public void A_lock()
    {
        var text = LockFile.Format(new StackLock
        {
            Architecture = "amd64",
            Releases = [Locked, Locked with { Id = "bookworm-security", Snapshot = TestArchive.Now }],
            Packages = [TemporaryStore.PackageOf("hello", [1]) with { Release = "bookworm" }, TemporaryStore.PackageOf("other", [2]) with { Release = "bookworm-security" }],
            Sets = [new LockedSet { Name = "base", Requests = ["hello=1.0"], Stages = [new LockedStage(["hello:amd64"]), new LockedStage(["other:amd64"])] }],
            Ids = [new LockedId("www", LockedIdKind.User, 100)],
        });
        var refused = Try(1000, Bytes(text), static bytes => LockFile.Parse(Text(bytes)), static e => e is LockFileException { Hint: not null });
        Assert.True(refused > 0);
    }

    [Fact]
    public void A_copyright_file()
    {
        const string Good = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: GPL-2+ or (Artistic and MIT with X exception)\n\nFiles: * debian/*\nCopyright: 2026 me\nLicense: GPL-2+ and/or Expat\n a text\n .\n more\n\nLicense: GPL-2+\n /usr/share/common-licenses/GPL-2\n";
        using var folder = new TemporaryFolder();
        var place = new CopyrightPlace("/usr/share/doc/hello/copyright", Path.Combine(folder.Path, "copyright"), "hello:amd64");
        Try(1000, Bytes(Good), bytes =>
        {
            File.WriteAllBytes(place.File, bytes);
            var read = CopyrightReading.Read(TemporaryStore.PackageOf("hello", [1]), place, "", static text => text);
            // All that is shown and written of it.
            foreach (var files in read.Licensed)
                Assert.NotEmpty(files.Licence.Spdx);
            Assert.DoesNotContain(read.Unread.Concat(read.Texts.Values), static text => text.Contains('\e'));
        }, static _ => false);
    }

    [Theory]
    [InlineData("[", "nested deeper than 16")]
    [InlineData("{ a = ", "nested deeper than 16")]
    public void A_lock_that_is_nested_without_end_does_not_end_the_process(string opening, string because)
    {
        var refusal = Assert.Throws<LockFileException>(() => LockFile.Parse("format = " + string.Concat(Enumerable.Repeat(opening, 1_000_000))));
        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_of_absurdly_many_tables_or_parts_of_a_key_is_refused()
    {
        Assert.Contains("absurdly many", Assert.Throws<LockFileException>(() => LockFile.Parse(string.Concat(Enumerable.Range(0, 100_000).Select(static n => $"[a{n}]\n")))).Message, StringComparison.Ordinal);
        Assert.Contains("absurdly long", Assert.Throws<LockFileException>(() => LockFile.Parse(string.Concat(Enumerable.Repeat("a.", 1_000_000)))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Packages.gz")]
    [InlineData("Packages.xz")]
    public void An_index_of_one_endless_stanza_is_refused_before_it_fills_the_memory(string name)
    {
        var plain = Bytes("Package: a\nDescription: " + new string('x', 100_000_000));
        var served = name.EndsWith(".gz", StringComparison.Ordinal) ? Archives.ArchiveBuilder.Gzip(plain) : Xz(plain);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var refusal = Assert.Throws<MayflyException>(() => { DebianIndex.Parse("amd64", [new PackagesFile(Locked, "main", () => Compression.Open(name, new MemoryStream(served)))]); });

        Assert.Contains("a stanza is larger than 16 MiB", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000);
    }

    private static LockedRelease Locked => new()
    {
        Id = "bookworm",
        Origin = "Debian",
        Label = "Debian",
        Suite = "stable",
        Codename = "bookworm",
        Date = TestArchive.Now,
        Digest = new string('0', 64),
        Components = ["main"],
    };

    /// <summary>Reads each change of an input; gives how many were refused. What was tried is named by its seed and number.</summary>
    private static int Try(int count, byte[] input, Action<byte[]> read, Func<Exception, bool> expected)
    {
        var refused = 0;
        for (var number = 0; number < count * Rounds; number++)
        {
            var changed = Changed(input, new Random(unchecked(Seed + (number * 40503))));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(changed);
            }
            catch (Exception e) when (expected(e))
            {
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {Seed}, change {number}: {e}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }

        return refused;
    }

    private static byte[] Changed(byte[] input, Random random)
    {
        var bytes = input.ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 1 << random.Next(1, 10)), bytes.Count - at);
            switch (random.Next(9))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5:
                    bytes.InsertRange(at, Bytes(Words[random.Next(Words.Length)]));
                    break;
                case 6:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), 1 << random.Next(16)));
                    break;
                case 7:
                    // A line elsewhere.
                    var end = bytes.IndexOf((byte)'\n', at);
                    var line = bytes.GetRange(at, end < 0 ? bytes.Count - at : end + 1 - at);
                    bytes.InsertRange(random.Next(bytes.Count + 1), line);
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.Next(256)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static readonly string[] Words =
    [
        "\n", "\n\n", "\r\n", "\0", ":", "- ", "-", "-----BEGIN PGP SIGNED MESSAGE-----\n", "-----BEGIN PGP SIGNATURE-----\n", "-----END PGP SIGNATURE-----\n", "Hash: SHA1\n", "SHA256:\n",
        "Date: x\n", "99999999999999999999", "-1", "\u00e9", "\ufeff", "[", "]]", "{", "}", "\"", "\\u0000", "=", ",", "../", "|", "(", "(>= 1", " <!nocheck>", "Provides: a (= 1)\n", "Size: -5\n", "//", "/*", "#", "(((", ")", " and ", " or ", " with ", "\e[2J",
    ];

    private static string Packages()
    {
        var text = new StringBuilder();
        for (var number = 0; number < 12; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $"""
                Package: hello{number}
                Source: hello ({number}:1.0-2)
                Version: {number}:1.0-2+b1
                Architecture: {(number % 2 == 0 ? "amd64" : "all")}
                Multi-Arch: {(number % 3 == 0 ? "same" : "foreign")}
                Essential: {(number == 1 ? "yes" : "no")}
                Priority: required
                Pre-Depends: libc6 (>= 2.36)
                Depends: hello{number + 1} (= 1:1.0) | virtual [amd64] <!nocheck>, python3:any
                Provides: virtual (= 2), other
                Breaks: hello0 (<< 1~)
                Filename: pool/main/h/hello/hello{number}_1.0_amd64.deb
                Size: {number + 1}
                SHA256: {new string((char)('a' + (number % 6)), 64)}
                Description: says hello
                 and more


                """);
        }

        return text.ToString();
    }

    /// <summary>As <c>xz</c> packs it.</summary>
    private static byte[] Xz(byte[] bytes)
    {
        var packed = new byte[bytes.Length + 1024];
        nuint length = 0;
        Assert.Equal(0, lzma_easy_buffer_encode(1, 4, 0, bytes, (nuint)bytes.Length, packed, ref length, (nuint)packed.Length));
        return packed[..(int)length];
    }

    [DllImport("liblzma.so.5")]
    private static extern int lzma_easy_buffer_encode(uint preset, int check, nint allocator, byte[] input, nuint inputLength, byte[] output, ref nuint outputLength, nuint outputRoom);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
