using System.Diagnostics;
using System.Runtime.InteropServices;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Archives.Xz;

namespace Mayfly.Packages.Tests.Archives;

/// <summary>Our decoder of xz and lzma beside XZ Utils' own.</summary>
public sealed class XzTests
{
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("MAYFLY_FUZZ_SEED"), out var given) ? given : 20261125;

    [Theory]
    [Trait("needs", "oracle")]
    [InlineData("-0")]
    [InlineData("-6")]
    [InlineData("-9e", "--check=sha256")]
    [InlineData("-1", "--check=crc32", "--block-size=70000")]
    [InlineData("-6", "--check=none", "-T2", "--block-size=300000")]
    [InlineData("--lzma2=preset=6,lc=0,lp=4,pb=0")]
    [InlineData("--lzma2=preset=6,lc=4,lp=0,pb=4,nice=4,mf=hc3,mode=fast")]
    [InlineData("--lzma2=preset=6,lc=1,lp=3,pb=2,dict=4KiB")]
    [InlineData("--lzma2=preset=9e,dict=64KiB,nice=273")]
    [InlineData("--format=lzma", "-6")]
    [InlineData("--format=lzma", "--lzma1=preset=4,lc=3,lp=1,pb=0,dict=8KiB")]
    public async Task What_xz_packs_comes_out_as_it_went_in(params string[] options)
    {
        var random = new Random(Seed);
        foreach (var contents in Contents(random))
        {
            var packed = await PackAsync(contents, options);
            Assert.Equal(contents, Decoded(packed, lzma: options[0] == "--format=lzma"));
        }
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Streams_follow_each_other_with_padding_between_and_behind()
    {
        byte[] one = await PackAsync("one"u8.ToArray(), "-1"), two = await PackAsync("two"u8.ToArray(), "-9", "--check=crc32"), none = await PackAsync([], "-6");

        Assert.Equal("onetwoone"u8.ToArray(), Decoded([.. one, .. two, 0, 0, 0, 0, .. none, .. one, 0, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Throws<ArchiveException>(() => Decoded([.. one, 0, 0, .. two]));
        Assert.Throws<ArchiveException>(() => Decoded([.. one, 0, 0]));
        Assert.Throws<ArchiveException>(() => Decoded([.. one, .. "more"u8]));
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Every_end_that_is_missing_is_missed()
    {
        var contents = Contents(new Random(Seed)).First(static one => one.Length is > 1000 and < 10_000);
        foreach (var format in (string[])["xz", "lzma"])
        {
            var packed = await PackAsync(contents, $"--format={format}");
            for (var length = 0; length < packed.Length; length++)
            {
                var refused = Assert.Throws<ArchiveException>(() => Decoded(packed[..length], format == "lzma"));
                Assert.Contains("cut short", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(0xCBF43926, 0x995DC9BBDF1939FA)]
    public void Checks_are_those_of_the_standards(uint bits32, ulong bits64)
    {
        var text = "123456789"u8;

        Assert.Equal(bits32, Crc.Bits32.Of(text));
        Assert.Equal(bits64, Crc.Bits64.Of(text));
        Assert.Equal(bits64, Crc.Bits64.Of(text[4..], Crc.Bits64.Of(text[..4])));
        // Long input is folded, short input is not.
        var bytes = new byte[1000];
        new Random(Seed).NextBytes(bytes);
        for (var length = 0; length < bytes.Length; length++)
        {
            ulong pieces32 = 0, pieces64 = 0;
            for (var at = 0; at < length; at += 7)
            {
                var piece = bytes.AsSpan(at, Math.Min(7, length - at));
                (pieces32, pieces64) = (Crc.Bits32.Of(piece, pieces32), Crc.Bits64.Of(piece, pieces64));
            }

            Assert.Equal(pieces32, Crc.Bits32.Of(bytes.AsSpan(0, length)));
            Assert.Equal(pieces64, Crc.Bits64.Of(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Damage_is_refused_exactly_where_liblzma_refuses_it()
    {
        // MAYFLY_FUZZ_ROUNDS for longer runs, MAYFLY_FUZZ_SEED for others.
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("MAYFLY_FUZZ_ROUNDS"), out var given) ? given : 3000;
        var random = new Random(Seed);
        var samples = new List<byte[]>();
        foreach (var contents in Contents(random).Where(static contents => contents.Length < 20_000))
        {
            // Without a check nothing but the decoders themselves tells what is damage.
            samples.Add(await PackAsync(contents, "--check=none"));
            samples.Add(await PackAsync(contents, "--check=none", "--lzma2=preset=1,lc=0,lp=2,pb=1,dict=4KiB"));
            samples.Add(await PackAsync(contents, "--check=crc64"));
        }

        var (both, neither) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var packed = (byte[])samples[random.Next(samples.Count)].Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                packed[random.Next(12, packed.Length)] ^= (byte)(1 << random.Next(8));
            var theirs = Theirs(packed);
            byte[]? ours;
            try
            {
                ours = Decoded(packed);
            }
            catch (ArchiveException)
            {
                ours = null;
            }

            Assert.True((ours is null) == (theirs is null) && (ours is null || ours.AsSpan().SequenceEqual(theirs)),
                $"round {round} of seed {Seed}: liblzma {(theirs is null ? "refuses" : "takes")} {Convert.ToBase64String(packed)}");
            _ = ours is null ? neither++ : both++;
        }

        Assert.True(both > rounds / 100 && neither > rounds / 2, $"{both} were taken, {neither} refused");
    }

    /// <summary>Nothing, little, what can be packed well and what cannot, and all of it together, longer than a chunk and than small dictionaries.</summary>
    private static IEnumerable<byte[]> Contents(Random random)
    {
        yield return [];
        yield return [42];
        var noise = new byte[5000];
        random.NextBytes(noise);
        yield return noise;
        yield return new byte[9000];
        var words = Enumerable.Range(0, 3000).SelectMany(_ => (IEnumerable<byte>)[(byte)"abcdefgh"[random.Next(8)], (byte)random.Next(3), .. noise.AsSpan(random.Next(40), random.Next(30)).ToArray()]).ToArray();
        yield return words[..8000];
        var all = new List<byte>();
        for (var part = 0; part < 60; part++)
        {
            all.AddRange(part % 3 == 0 ? noise : words);
            // Patterns of every short distance, and one again from far away.
            all.AddRange(Enumerable.Range(0, random.Next(2000)).Select(at => noise[at % (part + 1)]));
        }

        yield return [.. all];
        yield return File.ReadAllBytes(typeof(XzTests).Assembly.Location);
    }

    private static byte[] Decoded(byte[] packed, bool lzma = false)
    {
        using Stream stream = lzma ? new LzmaStream(new MemoryStream(packed)) : new XzStream(new MemoryStream(packed));
        var output = new MemoryStream();
        stream.CopyTo(output, 4099);
        return output.ToArray();
    }

    private static async Task<byte[]> PackAsync(byte[] contents, params string[] options)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, contents);
            using var process = Process.Start(new ProcessStartInfo("xz", ["--stdout", .. options, file]) { RedirectStandardOutput = true })!;
            var packed = new MemoryStream();
            await process.StandardOutput.BaseStream.CopyToAsync(packed);
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
            return packed.ToArray();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[]? Theirs(byte[] packed)
    {
        var output = new byte[1 << 20];
        ulong memory = ulong.MaxValue;
        nuint read = 0, written = 0;
        return lzma_stream_buffer_decode(ref memory, 0, 0, packed, ref read, (nuint)packed.Length, output, ref written, (nuint)output.Length) == 0 && read == (nuint)packed.Length
            ? output[..(int)written]
            : null;
    }

    [DllImport("liblzma.so.5")]
    private static extern int lzma_stream_buffer_decode(ref ulong memory, uint flags, nint allocator, byte[] input, ref nuint read, nuint inputLength, byte[] output, ref nuint written, nuint outputRoom);
}
