using System.Buffers;
using System.IO.Hashing;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Python;

/// <summary>Makes a pack of a wheel, on all cores: every file is inflated, compared with what the wheel's <c>RECORD</c> says of it, and written to its place.</summary>
internal static class WheelPacking
{
    /// <summary>So many bytes are one piece of work.</summary>
    private const int Piece = 1 << 20;

    private const int Buffer = 1 << 17;

    /// <param name="wheel">The wheel, open.</param>
    /// <param name="name">Its file name.</param>
    /// <param name="path">What is written; nothing is there yet.</param>
    /// <param name="require">Told how many bytes that will be, before the first is written; throws where they are too many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">It is damaged.</exception>
    public static void Write(WheelArchive wheel, string name, string path, Action<long> require, CancellationToken cancellationToken)
    {
        var pack = WheelPack.Of(name, wheel);
        require(pack.Length);
        using var target = FileHandles.CreateNew(path);
        FileHandles.ChangeMode(target, 0b110_100_100, path);
        var files = pack.Files.ToArray();
        AllCores.Each(Pieces(files), cancellationToken, piece =>
        {
            using var writer = new Writer(target);
            for (var number = piece.Start.Value; number < piece.End.Value; number++)
            {
                writer.Begin(files[number].Offset);
                wheel.CopyTo(files[number].Path, writer);
                files[number] = files[number] with { Checksum = writer.Checksum };
            }

            writer.Flush();
        });
        (pack with { Files = files }).WriteIndex(target);
    }

    private static IEnumerable<Range> Pieces(PackedFile[] files)
    {
        for (int start = 0, end; start < files.Length; start = end)
        {
            long length = 0;
            for (end = start; end < files.Length && length < Piece; end++)
                length += files[end].Size;
            yield return start..end;
        }
    }

    /// <summary>Writes files one after the other, several short ones at once, and takes the checksum of each.</summary>
    private sealed class Writer(SafeFileHandle target) : Stream
    {
        private readonly XxHash3 _checksum = new();
        private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(Buffer);
        private long _offset;
        private int _filled;
        private bool _ended;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Of the bytes since the last <see cref="Begin"/>.</summary>
        public ulong Checksum => _checksum.GetCurrentHashAsUInt64();

        public void Begin(long offset)
        {
            _checksum.Reset();
            if (offset == _offset + _filled)
                return;
            Flush();
            _offset = offset;
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _checksum.Append(buffer);
            if (buffer.Length > _buffer.Length - _filled)
                Flush();
            if (buffer.Length > _buffer.Length)
            {
                RandomAccess.Write(target, buffer, _offset);
                _offset += buffer.Length;
                return;
            }

            buffer.CopyTo(_buffer.AsSpan(_filled));
            _filled += buffer.Length;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            RandomAccess.Write(target, _buffer.AsSpan(0, _filled), _offset);
            _offset += _filled;
            _filled = 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_ended)
            {
                _ended = true;
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            base.Dispose(disposing);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
