namespace Mayfly.Packages.Transfer;

/// <summary>Cancels an attempt that gets no byte for too long; every byte begins the wait anew.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _outer;
    private readonly TimeSpan _stall;

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

    public void Dispose() => _source.Dispose();
}
