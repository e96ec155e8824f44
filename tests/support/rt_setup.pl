# Prepares an empty Request Tracker: two queues, fanin's user and its rights, an agent, and their tokens.
use strict;
use warnings;
use RT -init;

sub must { my ($ok, $message) = @_; die $message unless $ok; return $ok }
sub user {
    my ($name, @rights) = @_;
    my $user = RT::User->new(RT->SystemUser);
    must($user->Create(Name => $name, EmailAddress => "$name\@rt.test", RealName => "The $name", Privileged => 1));
    must($user->PrincipalObj->GrantRight(Right => $_, Object => RT->System)) for @rights;
    my ($ok, $message, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->Id, Description => 'tests');
    must($ok, $message);
    print "$name $token\n";
    return $user;
}

for my $name (qw(Support Security)) {
    must(RT::Queue->new(RT->SystemUser)->Create(Name => $name));
}
user('fanin', qw(SeeQueue ShowTicket ShowTicketComments ReplyToTicket CommentOnTicket ModifyTicket DeleteTicket
    ShowOutgoingEmail SeeCustomField));
user('agent', qw(SeeQueue ShowTicket ReplyToTicket CommentOnTicket ModifyTicket CreateTicket DeleteTicket
    ShowTicketComments SeeCustomField ModifyCustomField));
user('outsider');
my $fanin = RT::User->new(RT->SystemUser);
$fanin->Load('fanin');
for my $name (qw(Support Security)) {
    my $queue = RT::Queue->new(RT->SystemUser);
    $queue->Load($name);
    must($fanin->PrincipalObj->GrantRight(Right => 'CreateTicket', Object => $queue));
}
my %queues = (fanin => 'Support,Security', Severity => 'Support,Security', Frozen => 'Support');
for my $name (sort keys %queues) {
    my $field = RT::CustomField->new(RT->SystemUser);
    must($field->Create(Name => $name, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket'));
    for my $of (split /,/, $queues{$name}) {
        my $queue = RT::Queue->new(RT->SystemUser);
        $queue->Load($of);
        must($field->AddToObject($queue));
    }
    next if $name eq 'Frozen';
    must($fanin->PrincipalObj->GrantRight(Right => 'ModifyCustomField', Object => $field));
}
