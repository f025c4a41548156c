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

    [Fact]
    public void A_host_without_liblzma_decodes_the_same()
    {
        var bytes = Convert.FromBase64String("/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4DavADtdADaYS5j9wo+fQcU5BTEkU0PXdNRQ76MtdP9LfhLbtDNjcor2Q7EobPVBl4j6E9TBCGtWsNQyHK9WcwwAAABIdne0QlCrPAABV7BtAAAAWMtVC7HEZ/sCAAAAAARZWg==");

        Assert.True(XzStream.IsAvailable);
        Assert.Equal(Text, Decoded(Compression.OpenXz(new MemoryStream(bytes), native: false)));
        Assert.Throws<ArchiveException>(() => Decoded(Compression.OpenXz(new MemoryStream(new byte[100]), native: false)));
    }

    private static string Decoded(Stream stream)
    {
        using (stream)
            return new StreamReader(stream, Encoding.ASCII).ReadToEnd();
    }
}
