/** The service's error types that this server answers with. */
export type ErrorType =
  | 'AccessDeniedException'
  | 'InternalServiceError'
  | 'InvalidNextTokenException'
  | 'InvalidParameterException'
  | 'InvalidRequestException'
  | 'LimitExceededException'
  | 'MissingAuthenticationTokenException'
  | 'ResourceExistsException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'ThrottlingException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'ValidationException';

/** A refusal in the service's own words: what the client sees as its exception's name and message. */
export class ServiceError extends Error {
  readonly type: ErrorType;

  constructor(type: ErrorType, message: string) {
    super(message);
    this.type = type;
  }

  /** The HTTP status that carries this error. */
  get status(): number {
    return this.type === 'InternalServiceError' ? 500 : 400;
  }
}
