using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;
using Files = System.IO.File;

namespace Mayfly.Packages.Tests.Fuzzing;

/// <summary>
/// Packages that a seed makes up or spoils: each is unpacked into its folder or refused, and nothing else happens.
/// <c>MAYFLY_FUZZ_CASES</c> and <c>MAYFLY_FUZZ_SEED</c> make it longer or another one.
/// </summary>
public sealed class ArchiveFuzzTests : IDisposable
{
    /// <summary>Bytes that one case may allocate, all told; the buffers of unpacking and a decoder are most of it.</summary>
    private const long MostMemory = 96L << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-fuzz-").FullName;
    private readonly string _outside;
    private readonly string _work;
    private long _most;

    public ArchiveFuzzTests()
    {
        _outside = Directory.CreateDirectory(Path.Combine(_folder, "outside")).FullName;
        Files.WriteAllText(Path.Combine(_outside, "kept"), "as it was");
        _work = Path.Combine(_folder, "work");
    }

    private static int Seed => Given("MAYFLY_FUZZ_SEED", 20261125);

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_a_grammar_makes_up_is_unpacked_inside_or_refused()
    {
        var accepted = Each(Given("MAYFLY_FUZZ_CASES", 4000), random =>
        {
            var odd = () => new OddTar(random, _outside, honest: random.Next(4) == 0).Make();
            var control = random.Next(8) == 0 ? odd() : Tar(File("./control", "Package: test\n"));
            return random.Next(6) switch
            {
                0 => Ar((Pick(random, "debian-binary", "debian-binary/", "_odd"), "2.0\n"u8.ToArray()), ("_x", new byte[random.Next(9)]), ("control.tar", control), ("data.tar", odd())),
                1 => Spoilt(random, Deb(odd(), control)),
                2 => Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.zst", Zstd(control)), ("data.tar.zst", Zstd(odd()))),
                3 => Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.gz", Gzip(control)), ("data.tar.zst", Spoilt(random, Zstd(odd())))),
                _ => Deb(odd(), control),
            };
        });
        // Neither everything nor nothing, or the grammar tries little.
        Assert.InRange(accepted, 0.05, 0.8);
    }

    [Fact]
    [Trait("needs", "oracle")]
    [Trait("needs", "root")]
    public void What_becomes_of_real_packages_is_unpacked_inside_or_refused()
    {
        var debs = Real("hostname", "mawk", "libdebconfclient0", "login").Select(Files.ReadAllBytes).ToArray();
        // The same without compression, so that changes reach the tar; its sums are made right again.
        var bare = debs.Select(deb => Path.Combine(_folder, "bare.deb") is var path ? Bare(deb, path) : []).ToArray();
        Each(Given("MAYFLY_FUZZ_CASES", 4000) / 4, random => random.Next(3) == 0 ? Spoilt(random, Pick(random, debs)) : SpoiltHeaders(random, Pick(random, bare)));
    }

    /// <summary>What is odd and valid comes out as dpkg and tar extract it.</summary>
    [Fact]
    [Trait("needs", "oracle")]
    [Trait("needs", "root")]
    public void What_is_accepted_is_as_dpkg_deb_extracts_it()
    {
        var cases = Given("MAYFLY_FUZZ_CASES", 4000) / 40;
        for (var number = 0; number < cases; number++)
        {
            var random = new Random(Seed ^ (number * 104729));
            var deb = Deb(new OddTar(random, _outside, honest: true).Make());
            var (path, tree) = (Path.Combine(_folder, "odd.deb"), Path.Combine(_folder, "tree"));
            Files.WriteAllBytes(path, deb);
            Directory.CreateDirectory(_work);
            DebianArchive.Unpack(new MemoryStream(deb), _work, CancellationToken.None);
            var name = $"seed {Seed} case {number}";
            Directory.CreateDirectory(tree);
            Run(name, "dpkg-deb", "-x", path, tree);
            var package = new UnpackedPackage("", _work);
            var entries = package.ReadManifest().Entries;
            var (ours, theirs) = (entries.Select(static entry => entry.Path).Where(static one => one.Length > 0).ToArray(), Names(tree).ToArray());
            if (!ours.ToHashSet().SetEquals(theirs))
            {
                Files.Copy(path, Path.Combine(Path.GetTempPath(), $"mayfly-fuzz-{Seed}-{number}.deb"), overwrite: true);
                Assert.Fail($"{name}: only ours: {string.Join(' ', ours.Except(theirs))}; only dpkg's: {string.Join(' ', theirs.Except(ours))}");
            }

            foreach (var entry in entries.Where(static entry => entry.Path.Length > 0))
                Assert.Equal($"{name}: {Theirs(tree, entry)}", $"{name}: {Ours(package, entry, entries)}");
            Directory.Delete(tree, recursive: true);
            Directory.Delete(_work, recursive: true);
        }

        AssertNothingOutside("differences");
    }

    [Theory]
    [Trait("needs", "oracle")]
    [InlineData("gz")]
    [InlineData("zst")]
    [InlineData("xz")]
    [InlineData("bz2")]
    public void What_swells_without_end_is_refused_in_little_memory(string ending)
    {
        // A quarter of a GiB of zeros where a control file belongs, and as many after the end of the data's tar.
        var (header, zeros) = (Entry('0', "./control", size: 1L << 28), 1L << 28);
        var bomb = Compressed(ending, header, zeros);
        var small = Gzip(Tar(File("./control", "Package: test\n")));
        var after = Compressed(ending, Tar(File("./a", "x")), zeros);
        Assert.InRange(bomb.Length, 1, 4 << 20);
        Refused("absurdly large", Ar(("debian-binary", "2.0\n"u8.ToArray()), ($"control.tar.{ending}", bomb), ("data.tar.gz", small)));
        Refused("much follows", Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.gz", small), ($"data.tar.{ending}", after)));

        void Refused(string because, byte[] deb)
        {
            Directory.CreateDirectory(_work);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains(because, Assert.Throws<ArchiveException>(() => DebianArchive.Unpack(new MemoryStream(deb), _work, CancellationToken.None)).Message, StringComparison.Ordinal);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostMemory);
            Directory.Delete(_work, recursive: true);
        }
    }

    [Fact]
    public void Whatever_a_control_file_says_only_format_exceptions_come_out()
    {
        const string Good = "Package: hello\nVersion: 1:2.0-3~x\nDepends: libc6 (>= 2.34), a | b [amd64] <!nocheck>, c:any (= 1)\nDescription: one\n two\n .\n three\n\nPackage: other\nVersion: 1\n";
        for (var number = 0; number < Given("MAYFLY_FUZZ_CASES", 4000); number++)
        {
            var random = new Random(Seed ^ (number * 15485863));
            var bytes = Spoilt(random, Encoding.UTF8.GetBytes(Good));
            try
            {
                var reader = new ControlReader(new MemoryStream(bytes));
                while (reader.Read() is { IsEmpty: false } stanza)
                {
                    for (var fields = new ControlFields(stanza); fields.MoveNext();)
                    {
                        var value = Encoding.UTF8.GetString(fields.Value);
                        try
                        {
                            RelationField.Parse(value, "amd64");
                        }
                        catch (FormatException)
                        {
                        }

                        try
                        {
                            _ = new DebianVersion(value).CompareTo(new DebianVersion("1.0"));
                        }
                        catch (FormatException)
                        {
                        }
                    }
                }
            }
            catch (FormatException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed} case {number}: {e}");
            }
        }
    }

    /// <summary>Unpacks each; gives the part that was accepted.</summary>
    private double Each(int cases, Func<Random, byte[]> make)
    {
        var accepted = 0;
        for (var number = 0; number < cases; number++)
        {
            var deb = make(new Random(Seed ^ (number * 7919)));
            Directory.CreateDirectory(_work);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                DebianArchive.Unpack(new MemoryStream(deb), _work, CancellationToken.None);
                accepted++;
            }
            catch (ArchiveException)
            {
            }
            catch (Exception e)
            {
                Files.WriteAllBytes(Path.Combine(Path.GetTempPath(), $"mayfly-fuzz-{Seed}-{number}.deb"), deb);
                Assert.Fail($"seed {Seed} case {number}: {e}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            _most = Math.Max(_most, allocated);
            Assert.True(allocated < MostMemory, $"seed {Seed} case {number}: {allocated} bytes were allocated");
            AssertNothingOutside($"seed {Seed} case {number}");
            Directory.Delete(_work, recursive: true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{accepted} of {cases} accepted; at most {_most >> 20} MiB allocated for one");
        return (double)accepted / cases;
    }

    private void AssertNothingOutside(string name)
    {
        Assert.True(Files.ReadAllText(Path.Combine(_outside, "kept")) == "as it was" && Directory.GetFileSystemEntries(_outside).Length == 1, $"{name}: something happened in {_outside}");
        if (!Directory.Exists(_work))
            return;
        foreach (var relative in Names(_work))
        {
            var node = Nodes.Read($"{_work}/{relative}");
            var expected = relative is "control" or "files" ? NodeKind.Directory : NodeKind.File;
            Assert.True(node.Kind == expected && node.Links < 3 && (relative is "control" or "files" or "manifest" || relative.StartsWith("control/", StringComparison.Ordinal)
                || (relative.StartsWith("files/", StringComparison.Ordinal) && int.TryParse(relative[6..], out _))), $"{name}: made {relative}, a {node.Kind}");
        }
    }

    /// <summary>Never through a link: some lead to the host's root.</summary>
    private static IEnumerable<string> Names(string folder, string below = "") => Directory.GetFileSystemEntries(folder).SelectMany(path => Nodes.Read(path).Kind == NodeKind.Directory
        ? Names(path, $"{below}{Path.GetFileName(path)}/").Prepend($"{below}{Path.GetFileName(path)}")
        : [$"{below}{Path.GetFileName(path)}"]);

    private static string Ours(UnpackedPackage package, ManifestEntry entry, IReadOnlyList<ManifestEntry> entries)
    {
        var inode = entry.Type == EntryType.HardLink ? entries.Single(one => one.Path == entry.Target) : entry;
        return inode.Type switch
        {
            EntryType.File => $"{entry.Path} {Convert.ToString(inode.Mode, 8)} {inode.Time} {inode.Md5Text} {Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(Files.ReadAllBytes(package.ContentOf(inode))))}",
            EntryType.Directory => $"{entry.Path} {Convert.ToString(inode.Mode, 8)}",
            _ => $"{entry.Path} -> {inode.Target}",
        };
    }

    private static string Theirs(string tree, ManifestEntry entry)
    {
        var node = Nodes.Read($"{tree}/{entry.Path}");
        var sum = node.Kind == NodeKind.File ? Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(Files.ReadAllBytes($"{tree}/{entry.Path}"))) : "";
        return node.Kind switch
        {
            NodeKind.File => $"{entry.Path} {Convert.ToString(node.Mode, 8)} {node.Time} {sum} {sum}",
            NodeKind.Directory => $"{entry.Path} {Convert.ToString(node.Mode, 8)}",
            _ => $"{entry.Path} -> {Nodes.ReadLink($"{tree}/{entry.Path}")}",
        };
    }

    private static T Pick<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];

    private static byte[] Spoilt(Random random, byte[] good)
    {
        var bytes = good.ToArray();
        for (var left = random.Next(1, 8); left > 0 && bytes.Length > 0; left--)
            bytes[random.Next(bytes.Length)] = Pick<byte>(random, (byte)random.Next(256), 0, 0xFF, (byte)'/', (byte)'\n');
        return random.Next(5) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    /// <summary>Changes in tar headers, with the sums made right again.</summary>
    private static byte[] SpoiltHeaders(Random random, byte[] bare)
    {
        var bytes = bare.ToArray();
        var headers = new List<int>();
        for (var at = 0; at + 512 <= bytes.Length; at++)
        {
            if (bytes.AsSpan(at).StartsWith("ustar"u8) && at >= 257)
                headers.Add(at - 257);
        }

        for (var left = random.Next(1, 5); left > 0; left--)
        {
            var header = bytes.AsSpan(headers[random.Next(headers.Count)], 512);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                header[Pick(random, random.Next(257), 156, 124 + random.Next(12), random.Next(100))] = Pick<byte>(random, (byte)random.Next(256), (byte)'1', (byte)'2', (byte)'x', (byte)'L', (byte)'.', (byte)'/', 0x80);
            header.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var one in header)
                sum += one;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(header[148..]);
        }

        return bytes;
    }

    private string[] Real(params string[] names)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "real")).FullName;
        Run("download", "sh", ["-c", "cd \"$1\" && shift && apt-get -q -o APT::Sandbox::User=root download \"$@\"", "sh", folder, .. names]);
        return Directory.GetFiles(folder, "*.deb");
    }

    private byte[] Bare(byte[] deb, string path)
    {
        Files.WriteAllBytes(path, deb);
        Run("bare", "sh", "-c", "cd \"$(dirname \"$1\")\" && dpkg-deb --ctrl-tarfile \"$1\" > control.tar && dpkg-deb --fsys-tarfile \"$1\" > data.tar", "sh", path);
        return Ar(("debian-binary", "2.0\n"u8.ToArray()), ("control.tar", Files.ReadAllBytes(Path.Combine(_folder, "control.tar"))), ("data.tar", Files.ReadAllBytes(Path.Combine(_folder, "data.tar"))));
    }

    private static byte[] Zstd(byte[] bytes)
    {
        using var compressor = new ZstdSharp.Compressor(1);
        return compressor.Wrap(bytes).ToArray();
    }

    /// <summary>By the tools' own programs, since it is long.</summary>
    private byte[] Compressed(string ending, byte[] beginning, long zeros)
    {
        var path = Path.Combine(_folder, "beginning");
        Files.WriteAllBytes(path, beginning);
        var program = ending switch { "gz" => "gzip -1", "zst" => "zstd -1 -q", "xz" => "xz -0", _ => "bzip2 -1" };
        Run("bomb", "sh", "-c", $"{{ cat \"$1\"; head -c {zeros} /dev/zero; }} | {program} > \"$1.out\"", "sh", path);
        return Files.ReadAllBytes($"{path}.out");
    }

    private static void Run(string what, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (errors, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{what}: {program}: {errors.Result} {output.Result}");
    }
}
