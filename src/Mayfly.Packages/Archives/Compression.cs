using System.IO.Compression;
using Mayfly.Packages.Archives.Xz;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;

namespace Mayfly.Packages.Archives;

/// <summary>Compressed streams by the ending of their file's name, as deb(5) and the archive's indexes use them.</summary>
internal static class Compression
{
    /// <summary>Largest window of a zstd frame, as base-2 logarithm: 128 MiB, what <c>zstd --ultra</c> makes by default.</summary>
    private const int ZstdWindowLog = 27;

    /// <summary>The decoded contents; disposing them disposes <paramref name="compressed"/>.</summary>
    /// <param name="name">A file name such as <c>data.tar.xz</c> or <c>Packages.gz</c>.</param>
    public static Stream Open(string name, Stream compressed) => Path.GetExtension(name) switch
    {
        ".xz" => new XzStream(compressed),
        ".lzma" => new LzmaStream(compressed),
        ".zst" => new Guarded(() => Zstd(compressed)),
        ".gz" => new Guarded(() => new GZipStream(compressed, CompressionMode.Decompress)),
        ".bz2" => new Guarded(() => BZip2Stream.Create(compressed, SharpCompress.Compressors.CompressionMode.Decompress, true)),
        ".tar" or "" => compressed,
        var other => throw new ArchiveException($"its member {name} is compressed in a way that Mayfly cannot read ({other})"),
    };

    private static DecompressionStream Zstd(Stream compressed)
    {
        var decoder = new DecompressionStream(compressed, leaveOpen: false);
        decoder.SetParameter(ZstdSharp.Unsafe.ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLog);
        return decoder;
    }

    /// <summary>
    /// Makes whatever a library throws over damaged input into the one exception that means damaged input. Opened at the first
    /// read, because some decoders read when they are made.
    /// </summary>
    private sealed class Guarded(Func<Stream> open) : ForwardStream
    {
        private Stream? _decoder;

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return (_decoder ??= open()).Read(buffer);
            }
            catch (Exception e) when (e is not (ArchiveException or OutOfMemoryException or OperationCanceledException or MayflyException))
            {
                throw new ArchiveException($"its compressed data is damaged ({e.Message})", e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _decoder?.Dispose();
            base.Dispose(disposing);
        }
    }
}
