using System.Text;
using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Tests.Archives;

public sealed class CompressionTests
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("mayfly ", 2000));

    // Made by xz 5.4, bzip2 1.0.8, gzip 1.12 and zstd 1.5.4.
    [Theory]
    [InlineData("data.tar.xz", "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4DavADtdADaYS5j9wo+fQcU5BTEkU0PXdNRQ76MtdP9LfhLbtDNjcor2Q7EobPVBl4j6E9TBCGtWsNQyHK9WcwwAAABIdne0QlCrPAABV7BtAAAAWMtVC7HEZ/sCAAAAAARZWg==")]
    [InlineData("data.tar.lzma", "XQAAgAD//////////wA2mEuY/cKPn0HFOQUxJFND13TUUO+jLXT/S34S27QzY3KK9kOxKGz1QZeI+hPUwQhrVrDUMhyvYeKp///9wFAA")]
    [InlineData("data.tar.bz2", "QlpoOTFBWSZTWbb52DoAE4eRgEAAIQYAICAAUGACaqjPU1Ug1Ug+qkHapByqQaqQaqQeF3JFOFCQtvnYOg==")]
    [InlineData("data.tar.gz", "H4sIAAAAAAAAA+3FMQEAAAQAsCqqeVwE0F4I7/Zscqs3RpIkSZIkSZIkSZIkSZIkSZIkSZKkTwe5FGcPsDYAAA==")]
    [InlineData("data.tar.zst", "KLUv/QRYfQAAOG1heWZseSABAKZWfDECHkbLHg==")]
    public void Every_form_of_a_member_is_decoded_and_its_damage_refused(string name, string base64)
    {
        var bytes = Convert.FromBase64String(base64);

        Assert.Equal(Text, Decoded(Compression.Open(name, new MemoryStream(bytes))));
        bytes[bytes.Length / 2] ^= 0xFF;
        Assert.Throws<ArchiveException>(() => Decoded(Compression.Open(name, new MemoryStream(bytes))));
        Assert.Throws<ArchiveException>(() => Decoded(Compression.Open(name, new MemoryStream(new byte[100]))));
    }

    /// <summary>A header that asks for a dictionary of the size with this number (3: 12 KiB, 40: 4 GiB - 1), in the first block or in the second.</summary>
    [Fact]
    public void A_dictionary_that_takes_absurd_memory_is_refused_before_it_is_made()
    {
        foreach (var (first, second, refused) in ((byte, byte, bool)[])[(22, 22, false), (26, 22, false), (40, 22, true), (22, 40, true), (22, 30, true)])
        {
            var bytes = TwoBlocks(first, second);
            var decode = () => Decoded(Compression.Open("data.tar.xz", new MemoryStream(bytes)));
            var before = GC.GetAllocatedBytesForCurrentThread();
            if (refused)
                Assert.Equal("it wants a dictionary of more than 64 MiB to be decoded", Assert.Throws<ArchiveException>(decode).Message);
            else
                Assert.Equal("mayfly mayfly ", decode());
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 80L << 20);
        }
    }

    /// <summary>An .xz file of two blocks, each with one stored chunk "mayfly " and no check.</summary>
    private static byte[] TwoBlocks(byte first, byte second)
    {
        byte[] flags = [0, 0];
        using var file = new MemoryStream();
        file.Write([0xFD, .. "7zXZ"u8, 0, .. flags, .. Sum(flags)]);
        foreach (var dictionary in (ReadOnlySpan<byte>)[first, second])
        {
            byte[] header = [2, 0, 0x21, 1, dictionary, 0, 0, 0];
            file.Write([.. header, .. Sum(header)]);
            // The size of the chunk less one; the block of 11 bytes is padded to 12.
            file.Write([1, 0, 6, .. "mayfly "u8, 0, 0]);
        }

        byte[] index = [0, 2, 23, 7, 23, 7, 0, 0];
        byte[] footer = [2, 0, 0, 0, .. flags];
        file.Write([.. index, .. Sum(index), .. Sum(footer), .. footer, .. "YZ"u8]);
        return file.ToArray();

        static byte[] Sum(byte[] bytes)
        {
            var sum = uint.MaxValue;
            foreach (var b in bytes)
            {
                sum ^= b;
                for (var bit = 0; bit < 8; bit++)
                    sum = (sum >> 1) ^ ((sum & 1) * 0xEDB88320);
            }

            return BitConverter.GetBytes(~sum);
        }
    }

    private static string Decoded(Stream stream)
    {
        using (stream)
            return new StreamReader(stream, Encoding.ASCII).ReadToEnd();
    }
}
