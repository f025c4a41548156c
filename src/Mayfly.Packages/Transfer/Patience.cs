using System.Globalization;

namespace Mayfly.Packages.Transfer;

/// <summary>Cancels an attempt that gets no byte for too long; every byte begins the wait anew. One that gets hardly any is given up too: at a byte a second a page would take days.</summary>
internal sealed class Patience : IDisposable
{
    /// <summary>Bytes a second; less than any line gives on which somebody would wait.</summary>
    private const double Least = 20;

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _outer;
    private readonly TimeSpan _stall;
    private long _began = Environment.TickCount64;
    private long _bytes;

    public Patience(TimeSpan stall, CancellationToken outer)
    {
        (_stall, _outer) = (stall, outer);
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _source.CancelAfter(stall);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>True when it was us who cancelled, not the user.</summary>
    public bool Lost => _source.IsCancellationRequested && !_outer.IsCancellationRequested;

    public TimeSpan Stall => _stall;

    public void Renew() => _source.CancelAfter(_stall);

    /// <summary>Does what has a patience of its own; the wait begins anew after it.</summary>
    /// <param name="work">Is given what ends it when the user does.</param>
    public async Task<T> RestAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        _source.CancelAfter(Timeout.InfiniteTimeSpan);
        var result = await work(_outer).ConfigureAwait(false);
        Renew();
        return result;
    }

    /// <summary>So many bytes came.</summary>
    /// <exception cref="TransferException">Over the time of <see cref="Stall"/> they were too few.</exception>
    public void Count(int bytes)
    {
        _bytes += bytes;
        if (Environment.TickCount64 - _began is var passed && passed < _stall.TotalMilliseconds)
            return;
        if (_bytes * 1000.0 / passed < Least)
            throw new TransferException(string.Create(CultureInfo.InvariantCulture, $"it gave only {_bytes} bytes in {passed / 1000.0:0.#} s"), transient: true);
        (_began, _bytes) = (Environment.TickCount64, 0);
    }

    public void Dispose() => _source.Dispose();
}
