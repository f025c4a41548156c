using System.Buffers;
using System.Collections.Concurrent;

namespace Mayfly.Images.Layers;

/// <summary>Passes what is written to it on to another stream, on a thread of its own, so that a reader of files need not wait for what becomes of them.</summary>
/// <remarks>What is in between is bounded. The other stream has all of it when this one is disposed, which throws what went wrong there.</remarks>
internal sealed class BehindStream : Stream
{
    private const int Chunk = 256 * 1024;
    private const int Chunks = 8;

    private readonly BlockingCollection<(byte[] Bytes, int Length)> _chunks = new(Chunks);
    private readonly CancellationTokenSource _failed = new();
    private readonly Task _passing;
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(Chunk);
    private int _filled;
    private bool _disposed;

    public BehindStream(Stream next)
    {
        _passing = Task.Factory.StartNew(Pass, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        void Pass()
        {
            try
            {
                foreach (var (bytes, length) in _chunks.GetConsumingEnumerable())
                {
                    next.Write(bytes, 0, length);
                    ArrayPool<byte>.Shared.Return(bytes);
                }
            }
            catch
            {
                // Whoever writes must not wait for room.
                _failed.Cancel();
                throw;
            }
        }
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var part = buffer[..Math.Min(buffer.Length, Chunk - _filled)];
            part.CopyTo(_filling.AsSpan(_filled));
            buffer = buffer[part.Length..];
            if ((_filled += part.Length) == Chunk)
                Hand();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            try
            {
                Hand();
                _chunks.CompleteAdding();
                _passing.GetAwaiter().GetResult();
            }
            finally
            {
                _chunks.Dispose();
                _failed.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private void Hand()
    {
        try
        {
            _chunks.Add((_filling, _filled), _failed.Token);
        }
        catch (OperationCanceledException)
        {
            _passing.GetAwaiter().GetResult();
        }

        _filling = ArrayPool<byte>.Shared.Rent(Chunk);
        _filled = 0;
    }
}
